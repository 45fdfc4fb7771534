import type { Task } from 'after-party/task';
import { runTask } from 'after-party/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type LoopbackServer, startLoopbackServer } from '../loopback-server.ts';
import { startDatabase } from './database.ts';

const ALL = { index: 0, count: 1 };
const ADA = { id: '1', first: 'Ada', last: 'Lovelace' };
const ALAN = { id: '2', first: 'Alan', last: 'Turing', fullName: 'Dr Alan Turing' };
const IDLE = [200, '{"isBusy":false,"profiles":2}'] as const;
const BUSY = [200, '{"isBusy":true,"profiles":2}'] as const;

/** With a client of its own, which finds the test's database. */
async function loadTask(): Promise<Task> {
  vi.resetModules();
  return (await import('../../tasks/20260216090000_backfill_full_name.ts')).default;
}

/** A shop that gives its figures as told, and then the last of them for good. */
async function startShop(...answers: (readonly [number, string])[]) {
  const shop: LoopbackServer = await startLoopbackServer(
    () => (answers.length > 1 ? answers.shift() : answers[0]) ?? 500,
  );
  onTestFinished(() => shop.stop());
  return { shop, env: { PROFILES_TABLE: 'profiles', SHOP_URL: shop.url } };
}

describe('backfill_full_name', () => {
  it('gives a full name to the profiles that have none', async () => {
    const profiles = await startDatabase('profiles', ['id'], [ADA, ALAN]);
    const { env } = await startShop(IDLE);

    const run = await runTask(await loadTask(), { env, shard: ALL });

    expect(run).toMatchObject({
      state: 'succeeded',
      result: '1 of 2 items changed',
      progress: { done: 2, total: 2 },
    });
    expect(await profiles.items()).toEqual(
      expect.arrayContaining([{ ...ADA, fullName: 'Ada Lovelace' }, ALAN]),
    );
  });

  it('leaves alone who has given a name or left since the profile was read', async () => {
    const renamed = { ...ADA, fullName: 'Countess Lovelace' };
    const profiles = await startDatabase('profiles', ['id'], [renamed]);
    const { env } = await startShop(IDLE);
    const items = [ADA, { ...ADA, id: 'gone' }];

    const run = await runTask(await loadTask(), { env, shard: ALL, items });

    expect(run.result).toBe('0 of 2 items changed');
    expect(await profiles.items()).toEqual([renamed]);
  });

  it('goes on behind the last profile when its time is up', async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ ...ADA, id: `p-${index}` }));
    const profiles = await startDatabase('profiles', ['id'], many);
    const { env } = await startShop(IDLE);
    const task = await loadTask();

    const first = await runTask(task, { env, shard: ALL, stopAfter: 20 });
    const { cursor, progress } = first;
    const second = await runTask(task, { env, shard: ALL, cursor, progress });

    expect(first.state).toBe('interrupted');
    expect(first.processed).toBeLessThan(60);
    expect(second).toMatchObject({ state: 'succeeded', result: '60 of 60 items changed' });
    expect(first.processed + second.processed).toBe(60);
    expect((await profiles.items()).every(({ fullName }) => fullName === 'Ada Lovelace')).toBe(true);
  });

  it('waits while the shop is busy, and stays out of its way if that does not end', async () => {
    await startDatabase('profiles', ['id'], [ADA]);
    const task = await loadTask();
    const waiting = await startShop(BUSY, BUSY, IDLE);
    const busy = await startShop(BUSY);

    const items = [ADA];
    const patient = await runTask(task, { env: waiting.env, shard: ALL, items });
    const inVain = await runTask(task, { env: busy.env, shard: ALL, items });

    expect(patient).toMatchObject({ state: 'succeeded', processed: 1 });
    expect(inVain).toMatchObject({ state: 'interrupted', processed: 0 });
    expect(waiting.shop.requests.map(({ path }) => path)).toEqual(Array(3).fill('/figures'));
  });

  it.each([
    ['pauseWhile', [ADA]],
    ['count', undefined],
  ])('does not take silence of the shop for an answer to %s', async (option, items) => {
    await startDatabase('profiles', ['id'], [ADA]);
    const { env } = await startShop([503, '']);

    const run = await runTask(await loadTask(), { env, shard: ALL, ...(items && { items }) });

    expect(run).toMatchObject({ state: 'failed', processed: 0 });
    expect(run.error?.message).toMatch(new RegExp(`"${option}".*HTTP 503`));
  });

  it('starts after the commit, in shards, and holds back', async () => {
    const task = await loadTask();

    expect(task).toMatchObject({ background: true, split: { parallel: 4 }, items: { rate: 6_000 } });
    expect((await runTask(task)).children).toHaveLength(16);
  });

  it('gives each profile to one of the shards', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({ ...ADA, id: `p-${index}` }));
    const profiles = await startDatabase('profiles', ['id'], many);
    const { env } = await startShop([200, '{"isBusy":false,"profiles":200}']);
    const task = await loadTask();
    const { children = [] } = await runTask(task, { env });

    const runs = await Promise.all(children.map((child) => runTask(task, { env, ...child })));

    const shares = runs.map(({ processed }) => processed);
    expect(shares.reduce((sum, share) => sum + share)).toBe(200);
    expect(shares.filter((share) => share > 0).length).toBeGreaterThan(1);
    expect((await profiles.items()).every(({ fullName }) => fullName === 'Ada Lovelace')).toBe(true);
  });
});
