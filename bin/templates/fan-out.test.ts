import { runTask } from 'after-party/testing';
import { expect, it } from 'vitest';
import task from './fan-out.ts';

const env = { TENANTS: 'acme,globex' };

it('is split by tenant', async () => {
  const { state, children } = await runTask(task, { env });

  expect(state).toBe('fanned-out');
  expect(children).toEqual([{ key: 'acme' }, { key: 'globex' }]);
});

it('changes one tenant', async () => {
  const { state, result } = await runTask(task, { env, key: 'acme' });

  expect(state).toBe('succeeded');
  expect(result).toBe('changed acme');
});
