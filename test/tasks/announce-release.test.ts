import { runTask } from 'after-party/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260309090000_announce_release.ts';
import { startLoopbackServer } from '../loopback-server.ts';

const IMPORT = { version: '1', name: 'import_price_list', state: 'succeeded', result: '250 items' } as const;
const RESTART = { version: '2', name: 'restart_search', state: 'succeeded' } as const;
const SEED = { version: '3', name: 'seed_default_roles', state: 'failed' } as const;

describe('announce_release', () => {
  it.each([
    [[], 'prod: no tasks ran'],
    [[IMPORT], 'prod: 1 task ran'],
    [[IMPORT, RESTART, SEED], 'prod: 3 tasks ran, 1 failed'],
  ])('tells the team of %j', async (tasksBefore, text) => {
    const slack = await startLoopbackServer(() => 200);
    onTestFinished(() => slack.stop());
    const env = { SLACK_URL: slack.url };

    const run = await runTask(task, { env, environmentName: 'prod', tasksBefore });

    expect(run).toMatchObject({ state: 'succeeded', result: `→ Slack "${text}"` });
    expect(slack.requests.map(({ body }) => JSON.parse(body))).toEqual([{ text }]);
  });

  it('fails if Slack does, which holds up no deploy', async () => {
    const slack = await startLoopbackServer(() => 500);
    onTestFinished(() => slack.stop());

    const run = await runTask(task, { env: { SLACK_URL: slack.url } });

    expect(run).toMatchObject({ state: 'failed', error: { message: 'HTTP 500 from Slack' } });
    expect(task).toMatchObject({ when: 'every-deploy', onFailure: 'continue' });
  });
});
