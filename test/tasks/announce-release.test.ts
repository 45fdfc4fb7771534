import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260309090000_announce_release.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { runTask } from './run-task.ts';

describe('announce_release', () => {
  it.each([
    [0, 0, 'prod: no tasks ran'],
    [1, 0, 'prod: 1 task ran'],
    [2, 1, 'prod: 3 tasks ran, 1 failed'],
  ])('tells the team of %i that succeeded and %i that failed', async (succeeded, failed, text) => {
    const slack = await startLoopbackServer(() => 200);
    onTestFinished(() => slack.stop());

    const result = await runTask(task, {
      env: { SLACK_URL: slack.url },
      environmentName: 'prod',
      summary: { tasks: [], succeeded, failed },
    });

    expect(result).toBe(`→ Slack "${text}"`);
    expect(slack.requests.map(({ body }) => JSON.parse(body))).toEqual([{ text }]);
  });

  it('fails if Slack does, which holds up no deploy', async () => {
    const slack = await startLoopbackServer(() => 500);
    onTestFinished(() => slack.stop());

    await expect(runTask(task, { env: { SLACK_URL: slack.url } })).rejects.toThrow('HTTP 500 from Slack');
    expect(task).toMatchObject({ when: 'every-deploy', onFailure: 'continue' });
  });
});
