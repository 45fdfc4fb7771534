import type { PutCommand } from '@aws-sdk/lib-dynamodb';
import { runTask } from 'after-party/testing';
import { beforeEach, expect, it } from 'vitest';
import task, { client } from './csv.ts';

const env = { TABLE_NAME: 'prices' };
let written: unknown[] = [];

beforeEach(() => {
  written = [];
  const send = async ({ input }: PutCommand): Promise<void> => {
    written.push(input.Item);
  };
  Object.assign(client, { send });
});

it('writes each row', async () => {
  const { state, processed } = await runTask(task, { env, items: [{ id: '1', cents: '950' }] });

  expect(state).toBe('succeeded');
  expect(processed).toBe(1);
  expect(written).toEqual([{ id: '1', cents: 950 }]);
});

it('stops at a row that is wrong, and says why', async () => {
  const items = [
    { id: '1', cents: '950' },
    { id: '2', cents: '9,50' },
  ];

  const { state, error } = await runTask(task, { env, items });

  expect(state).toBe('failed');
  expect(error?.message).toBe('"9,50" is not a price in cents');
  expect(written).toEqual([{ id: '1', cents: 950 }]);
});
