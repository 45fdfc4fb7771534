import { runTask } from 'after-party/testing';
import { expect, it } from 'vitest';
import task from './run.ts';

it('runs', async () => {
  const { state, logs } = await runTask(task, { environmentName: 'production' });

  expect(state).toBe('succeeded');
  expect(logs.some(({ message }) => message === '{{name}} runs in production')).toBe(true);
});
