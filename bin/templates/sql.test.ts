import { runTask } from 'after-party/testing';
import { beforeEach, expect, it } from 'vitest';
import task, { database } from './sql.ts';

const rows = [
  { id: 1, email: 'ann@example.com' },
  { id: 2, email: 'Bob@example.com' },
];
let updates: unknown[] = [];

beforeEach(() => {
  updates = [];
  database.query = async (statement, values) => {
    if (statement.startsWith('SELECT')) return rows.filter(({ id }) => id > Number(values[0]));
    updates.push(values);
    return [];
  };
});

it('changes the rows that need it, and no others', async () => {
  const { state, result } = await runTask(task);

  expect(state).toBe('succeeded');
  expect(result).toBe('1 of 2 items changed');
  expect(updates).toEqual([[[2]]]);
});

it('changes nothing in a dry run', async () => {
  const { state } = await runTask(task, { dryRun: true });

  expect(state).toBe('succeeded');
  expect(updates).toEqual([]);
});
