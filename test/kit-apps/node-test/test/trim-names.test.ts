import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { runTask } from 'after-party/testing';
import task from '../tasks/20260105093000_trim_names.ts';

const users = [
  { id: 'u-1', name: ' Ada' },
  { id: 'u-2', name: 'Grace' },
  { id: 'u-3', name: 'Edsger ' },
];

it('trims the names that need it, and goes on where it stopped', async () => {
  const send = mock.method(globalThis, 'fetch', async () => Response.json({}));
  const env = { API_URL: 'https://api.example' };

  const first = await runTask(task, { env, items: users, stopAfter: 1 });
  const second = await runTask(task, { env, items: users, cursor: first.cursor });

  assert.deepEqual([first.state, first.processed], ['interrupted', 1]);
  assert.deepEqual([second.state, second.processed], ['succeeded', 2]);
  assert.deepEqual(
    send.mock.calls.map((call) => call.arguments[0]),
    ['https://api.example/users/u-1', 'https://api.example/users/u-3'],
  );
});

it('tries again, and then says which user it was', async () => {
  mock.method(globalThis, 'fetch', async () => new Response('', { status: 503 }));

  const run = await runTask(task, { env: { API_URL: 'https://api.example' }, items: users });

  assert.equal(run.state, 'failed');
  assert.equal(run.error?.message, 'HTTP 503');
  assert.equal(run.error?.position, 'item 1 of about 3');
  assert.equal(run.logs.filter(({ level }) => level === 'warn').length, 3);
});

it('sends nothing in a dry run', async () => {
  const send = mock.method(globalThis, 'fetch', async () => Response.json({}));

  const run = await runTask(task, { items: users, dryRun: true });

  assert.equal(run.state, 'succeeded');
  assert.equal(run.result, '2 of 3 items changed');
  assert.equal(send.mock.callCount(), 0);
});

it('runs on, whatever timers the test has faked', async () => {
  const send = mock.method(globalThis, 'fetch', async () => Response.json({}));
  send.mock.mockImplementationOnce(async () => new Response('', { status: 503 }));
  mock.timers.enable();

  const run = await runTask(task, { env: { API_URL: 'https://api.example' }, items: users });
  mock.timers.reset();

  assert.deepEqual([run.state, run.processed], ['succeeded', 3]);
});
