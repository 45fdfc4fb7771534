import type { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { runTask } from 'after-party/testing';
import { beforeEach, expect, it } from 'vitest';
import task, { client } from './dynamo.ts';

const env = { TABLE_NAME: 'items' };
const items = [{ id: '1' }, { id: '2', status: 'closed' }, { id: '3' }];
let changed: unknown[] = [];

beforeEach(() => {
  changed = [];
  const send = async ({ input }: UpdateCommand): Promise<void> => {
    changed.push(input.Key);
  };
  Object.assign(client, { send });
});

it('changes the items that need it, and no others', async () => {
  const { state, result } = await runTask(task, { env, items });

  expect(state).toBe('succeeded');
  expect(result).toBe('2 of 3 items changed');
  expect(changed).toEqual([{ id: '1' }, { id: '3' }]);
});

it('changes nothing in a dry run', async () => {
  const { state } = await runTask(task, { env, items, dryRun: true });

  expect(state).toBe('succeeded');
  expect(changed).toEqual([]);
});
