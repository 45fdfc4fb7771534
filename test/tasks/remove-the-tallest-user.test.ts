import { runTask } from 'after-party/testing';
import { describe, expect, it } from 'vitest';
import task from '../../tasks/20260119140000_remove_the_tallest_user.ts';
import fc from '../fast-check.ts';
import { startDatabase } from './database.ts';

const env = { USERS_TABLE: 'users' };
const USERS = [
  { id: 'a', heightCm: 170 },
  { id: 'b', heightCm: 272 },
  { id: 'c', heightCm: 201 },
];

describe('remove_the_tallest_user', () => {
  it('marks the tallest user, and leaves the others', async () => {
    const users = await startDatabase('users', ['id'], USERS);

    const run = await runTask(task, { env, idempotencyKey: 'first' });

    expect(run).toMatchObject({ state: 'succeeded', result: 'removed 1 user (272 cm)' });
    expect(run.logs).toContainEqual({ level: 'info', message: 'removed a user', user: 'b' });
    expect(await users.items()).toEqual(
      expect.arrayContaining([USERS[0], { ...USERS[1], removedBy: 'first' }, USERS[2]]),
    );
  });

  it('removes nobody else in a second attempt, and the next one when it is asked again', async () => {
    await startDatabase('users', ['id'], USERS);
    const removed = async (idempotencyKey: string, attempt: number) =>
      (await runTask(task, { env, idempotencyKey, attempt })).result;

    expect(await removed('first', 1)).toBe('removed 1 user (272 cm)');
    expect(await removed('first', 2)).toBe('removed 1 user (272 cm)');
    expect(await removed('second', 1)).toBe('removed 1 user (201 cm)');
  });

  it('only says in a dry run whom it would remove', async () => {
    const users = await startDatabase('users', ['id'], USERS);

    expect((await runTask(task, { env, dryRun: true })).result).toBe('would remove b (272 cm)');
    expect(await users.items()).toEqual(expect.arrayContaining(USERS));
  });

  it('fails without its table', async () => {
    expect(await runTask(task)).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining('USERS_TABLE, which is not set') },
    });
  });

  it('agrees with a plain model, whoever is there', async () => {
    const heights = fc.uniqueArray(fc.integer({ min: 50, max: 280 }), { maxLength: 6 });
    const keys = fc.array(fc.constantFrom('first', 'second', 'third'), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(heights, keys, async (cms, attempts) => {
        const people = cms.map((heightCm, index) => ({ id: String(index), heightCm }));
        const users = await startDatabase('users', ['id'], people);

        for (const idempotencyKey of attempts) {
          expect((await runTask(task, { env, idempotencyKey })).state).toBe('succeeded');
        }

        const tallestFirst = cms.toSorted((a, b) => b - a);
        const removed = (await users.items())
          .filter((user) => 'removedBy' in user)
          .map((user) => user.heightCm);
        expect(removed.toSorted()).toEqual(tallestFirst.slice(0, new Set(attempts).size).toSorted());
      }),
      { numRuns: 25 },
    );
  });
});
