import { expect, it, jest } from '@jest/globals';
import { runTask } from 'after-party/testing';
import task from '../tasks/20260105093000_trim_names';

const users = [
  { id: 'u-1', name: ' Ada' },
  { id: 'u-2', name: 'Grace' },
  { id: 'u-3', name: 'Edsger ' },
];

it('trims the names that need it, and goes on where it stopped', async () => {
  const send = jest.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({}));
  const env = { API_URL: 'https://api.example' };

  const first = await runTask(task, { env, items: users, stopAfter: 1 });
  const second = await runTask(task, { env, items: users, cursor: first.cursor });

  expect(first).toMatchObject({ state: 'interrupted', processed: 1 });
  expect(second).toMatchObject({ state: 'succeeded', processed: 2 });
  expect(send.mock.calls.map(([url]) => url)).toEqual([
    'https://api.example/users/u-1',
    'https://api.example/users/u-3',
  ]);
});

it('tries again, and then says which user it was', async () => {
  jest.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('', { status: 503 }));

  const run = await runTask(task, { env: { API_URL: 'https://api.example' }, items: users });

  expect(run).toMatchObject({
    state: 'failed',
    error: { message: 'HTTP 503', position: 'item 1 of about 3' },
  });
  expect(run.logs.filter(({ level }) => level === 'warn')).toHaveLength(3);
});

it('sends nothing in a dry run', async () => {
  const send = jest.spyOn(globalThis, 'fetch').mockClear();

  const run = await runTask(task, { items: users, dryRun: true });

  expect(run).toMatchObject({ state: 'succeeded', result: '2 of 3 items changed' });
  expect(send).not.toHaveBeenCalled();
});

it('runs on, whatever timers the test has faked', async () => {
  const send = jest.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({}));
  send.mockImplementationOnce(async () => new Response('', { status: 503 }));
  jest.useFakeTimers();

  const run = await runTask(task, { env: { API_URL: 'https://api.example' }, items: users });
  jest.useRealTimers();

  expect(run).toMatchObject({ state: 'succeeded', processed: 3 });
});
