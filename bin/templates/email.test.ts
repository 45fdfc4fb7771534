import { runTask } from 'after-party/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import task from './email.ts';

const env = { MAIL_URL: 'https://mail.example.com', MAIL_TO: 'support@example.com' };
const { fetch } = globalThis;
let recipients: string[] = [];
let status = 200;

beforeEach(() => {
  recipients = [];
  status = 200;
  globalThis.fetch = async (_url, request) => {
    recipients.push(JSON.parse(String(request?.body)).to);
    return new Response(null, { status });
  };
});

afterEach(() => {
  globalThis.fetch = fetch;
});

it('sends one mail', async () => {
  const { state, result } = await runTask(task, { env });

  expect(state).toBe('succeeded');
  expect(result).toBe('mailed support@example.com');
  expect(recipients).toEqual(['support@example.com']);
});

it('sends no second one where it is unknown whether the first was sent', async () => {
  status = 500;

  const { state } = await runTask(task, { env });

  expect(state).toBe('in-doubt');
  expect(recipients).toEqual(['support@example.com']);
});

it('sends nothing in a dry run', async () => {
  const { state } = await runTask(task, { env, dryRun: true });

  expect(state).toBe('succeeded');
  expect(recipients).toEqual([]);
});
