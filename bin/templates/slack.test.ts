import { runTask } from 'after-party/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import task from './slack.ts';

const options = {
  env: { SLACK_WEBHOOK_URL: 'https://hooks.slack.example' },
  environmentName: 'production',
  tasksBefore: [{ version: '1', name: 'earlier', state: 'succeeded' as const }],
};
const { fetch } = globalThis;
let posted: unknown[] = [];

beforeEach(() => {
  posted = [];
  globalThis.fetch = async (_url, request) => {
    posted.push(JSON.parse(String(request?.body)));
    return new Response('ok');
  };
});

afterEach(() => {
  globalThis.fetch = fetch;
});

it('says what the deploy ran', async () => {
  const { state } = await runTask(task, options);

  expect(state).toBe('succeeded');
  expect(posted).toEqual([{ text: 'production: 1 succeeded, 0 failed' }]);
});

it('says nothing in a dry run', async () => {
  const { state, result } = await runTask(task, { ...options, dryRun: true });

  expect(state).toBe('succeeded');
  expect(result).toBe('would say "production: 1 succeeded, 0 failed"');
  expect(posted).toEqual([]);
});
