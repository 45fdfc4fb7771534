import { runTask } from 'after-party/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import task from './http.ts';

const env = { API_URL: 'https://api.example.com' };
const { fetch } = globalThis;
let calls: string[] = [];
let answers: number[] = [];

beforeEach(() => {
  calls = [];
  answers = [];
  globalThis.fetch = async (url) => {
    calls.push(String(url));
    return new Response(null, { status: answers.shift() ?? 204 });
  };
});

afterEach(() => {
  globalThis.fetch = fetch;
});

it('calls the API, again where it fails', async () => {
  answers = [503];

  const { state, result } = await runTask(task, { env });

  expect(state).toBe('succeeded');
  expect(result).toBe('called https://api.example.com/jobs');
  expect(calls).toEqual(['https://api.example.com/jobs', 'https://api.example.com/jobs']);
});

it('fails where the API goes on refusing', async () => {
  answers = [500, 500, 500, 500];

  const { state, error } = await runTask(task, { env });

  expect(state).toBe('failed');
  expect(error?.message).toBe('HTTP 500 from https://api.example.com/jobs');
});

it('calls nothing in a dry run', async () => {
  const { state } = await runTask(task, { env, dryRun: true });

  expect(state).toBe('succeeded');
  expect(calls).toEqual([]);
});
