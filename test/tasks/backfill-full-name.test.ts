import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { list } from '../../functions/sources/index.ts';
import type { Task } from '../../functions/task/index.ts';
import { readerOf, type Source } from '../../functions/task/source.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { startDatabase } from './database.ts';
import { contextWith, runTask } from './run-task.ts';

const env = { PROFILES_TABLE: 'profiles' };
const ADA = { id: '1', first: 'Ada', last: 'Lovelace' };
const ALAN = { id: '2', first: 'Alan', last: 'Turing', fullName: 'Dr Alan Turing' };

/** With a client of its own, which finds the test's database. */
async function loadTask(): Promise<Task> {
  vi.resetModules();
  return (await import('../../tasks/20260216090000_backfill_full_name.ts')).default;
}

describe('backfill_full_name', () => {
  it('gives a full name to the profiles that have none', async () => {
    const profiles = await startDatabase('profiles', ['id'], [ADA, ALAN]);

    const result = await runTask(await loadTask(), { env });

    expect(result).toBe('1 of 2 items changed');
    expect(await profiles.items()).toEqual(
      expect.arrayContaining([{ ...ADA, fullName: 'Ada Lovelace' }, ALAN]),
    );
  });

  it('leaves alone who has given a name or left since the profile was read', async () => {
    const renamed = { ...ADA, fullName: 'Countess Lovelace' };
    const profiles = await startDatabase('profiles', ['id'], [renamed]);
    const task = await loadTask();
    const items = { ...task.items, source: async () => list([ADA, { ...ADA, id: 'gone' }]) };

    expect(await runTask({ ...task, items } as Task, { env })).toBe('0 of 2 items changed');
    expect(await profiles.items()).toEqual([renamed]);
  });

  it('waits while the shop is busy, and does not take silence for an answer', async () => {
    const answers: [number, string][] = [
      [200, '{"isBusy":true}'],
      [200, '{"isBusy":false,"profiles":9}'],
      [200, '{"isBusy":false,"profiles":9}'],
      [503, ''],
    ];
    const shop = await startLoopbackServer(() => answers.shift() ?? 500);
    onTestFinished(() => shop.stop());
    const { items } = await loadTask();
    const ctx = contextWith({ env: { SHOP_URL: shop.url } });
    const isHeldBack = async () => items?.pauseWhile?.(ctx);

    expect(await isHeldBack()).toBe(true);
    expect(await isHeldBack()).toBe(false);
    expect(await items?.count?.(ctx)).toBe(9);
    await expect(isHeldBack()).rejects.toThrow('HTTP 503');
    expect(shop.requests.map(({ path }) => path)).toEqual(Array(4).fill('/figures'));
  });

  it('starts after the commit, in shards, and holds back', async () => {
    expect(await loadTask()).toMatchObject({
      background: true,
      split: { of: 'shards', count: 16, parallel: 4 },
      items: { rate: 6_000 },
    });
  });

  it('gives each profile to one of the shards', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `p-${index}`);
    await startDatabase(
      'profiles',
      ['id'],
      ids.map((id) => ({ ...ADA, id })),
    );
    const { items } = await loadTask();
    const reader = readerOf((await items?.source(contextWith({ env }))) as Source<{ id: string }>);

    const shards = await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        const position = {
          cursor: undefined,
          shard: { index, count: 16 },
          signal: new AbortController().signal,
        };
        const found: string[] = [];
        for await (const [profile] of reader.read(position)) found.push(profile.id);
        return found;
      }),
    );

    expect(shards.flat().toSorted()).toEqual(ids.toSorted());
    expect(shards.filter((found) => found.length > 0).length).toBeGreaterThan(1);
  });
});
