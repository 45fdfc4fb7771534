import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Claim,
  Ledger,
  LedgerTable,
  type PlannedChild,
  type Written,
} from '../../../functions/ledger/index.ts';
import { at, OTHER_RUN, RUN, request, TestTable, won } from './open-ledger.ts';
import { childOf, claimOfChild, LATER_PLAN, PLAN, plan, split, TASK } from './split-ledger.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const succeeded = { state: 'succeeded', result: '3 keys' } as const;

describe('planning a child', () => {
  it.each<[string, PlannedChild]>([
    ['of a key', { key: 'acme' }],
    ['of an empty key', { key: '' }],
    ['of a key with #, quotes and emoji', { key: 'a#b "c" 🦊' }],
    ['of a key of 4 KB', { key: 'k'.repeat(4_096) }],
    ['of a shard', { shard: { index: 2, count: 64 } }],
  ])('%s, writes it pending', async (_, child) => {
    const ledger = table.open();
    await ledger.children(TASK.version).plan(TASK, PLAN, 42, child, PLAN);
    const item = await ledger.item('0000042', `${ledger.id}#${TASK.version}`);
    expect(item).toMatchObject({ state: 'pending', attempt: 0, plan: PLAN, ...child });
    expect(await childOf(ledger, 42).get(TASK.version)).toMatchObject(child);
  });

  it('leaves nothing of an earlier plan, however its children ended', async () => {
    const ledger = table.open();
    await plan(ledger, ['a', 'b']);
    const claim = won(await childOf(ledger, 1).claim(claimOfChild()));
    await childOf(ledger, 1).finish(claim, succeeded, at(40));
    await plan(ledger, ['x', 'y'], LATER_PLAN);
    expect(await childOf(ledger, 1).get(TASK.version)).toEqual({
      ...{ schema: 1, version: TASK.version, name: TASK.name, state: 'pending', summary: 'pending' },
      ...{ attempt: 0, history: [], plan: LATER_PLAN, key: 'x' },
    });
  });

  it('is refused while the earlier child is being executed, and not once its lease is over', async () => {
    const ledger = table.open();
    await plan(ledger, ['a']);
    won(await childOf(ledger, 1).claim(claimOfChild()));
    const again = (time: string) => ledger.children(TASK.version).plan(TASK, time, 1, { key: 'x' }, time);
    await expect(again(at(90))).rejects.toThrow(
      /^child 1 of task \d+_restart_search is being executed until .*, while this attempt plans all of them$/,
    );
    expect(await childOf(ledger, 1).get(TASK.version)).toMatchObject({ state: 'running', key: 'a' });
    await again(at(91));
    expect(await childOf(ledger, 1).get(TASK.version)).toMatchObject({ state: 'pending', key: 'x' });
  });

  it('is refused to an attempt that was overtaken', async () => {
    const ledger = table.open();
    await plan(ledger, ['x'], LATER_PLAN);
    await expect(plan(ledger, ['a'])).rejects.toThrow(
      `child 1 of task ${TASK.version}_${TASK.name} was planned anew at`,
    );
    expect(await childOf(ledger, 1).get(TASK.version)).toMatchObject({ plan: LATER_PLAN, key: 'x' });
  });
});

describe('claiming a child', () => {
  it('is refused where nothing is planned: what it stands for would not be known', async () => {
    const ledger = table.open();
    expect(await childOf(ledger, 7).claim(claimOfChild())).toEqual({ claimed: false, holder: undefined });
  });

  it('says what it stands for, and is like any claim otherwise', async () => {
    const { ledger } = await split(table);
    const claim = won(await childOf(ledger, 2).claim(claimOfChild()));
    expect(claim).toMatchObject({ key: 'b', plan: PLAN, attempt: 1 });
    expect(await childOf(ledger, 2).claim(claimOfChild({ runId: OTHER_RUN }))).toMatchObject({
      claimed: false,
    });
    await childOf(ledger, 2).finish(claim, { state: 'failed', reason: 'r' }, at(40));
    expect(await childOf(ledger, 2).get(TASK.version)).toMatchObject({
      state: 'failed',
      key: 'b',
      plan: PLAN,
    });
    expect(await childOf(ledger, 2).claim(claimOfChild())).toMatchObject({ claimed: false });
    expect(won(await childOf(ledger, 2).claim(claimOfChild({ runId: OTHER_RUN }))).attempt).toBe(2);
  });

  it('is given back as it was', async () => {
    const { ledger } = await split(table);
    const before = await childOf(ledger, 1).get(TASK.version);
    const claim = won(await childOf(ledger, 1).claim(claimOfChild()));
    await childOf(ledger, 1).release(claim, at(31));
    expect(await childOf(ledger, 1).get(TASK.version)).toEqual(before);
  });

  it('by two at once succeeds for one, every time', async () => {
    const { ledger } = await split(
      table,
      Array.from({ length: 40 }, (_, index) => `key ${index}`),
    );
    for (let number = 1; number <= 40; number++) {
      const both = [RUN, OTHER_RUN].map((runId) => childOf(ledger, number).claim(claimOfChild({ runId })));
      const results = await Promise.all(both);
      expect(results.filter(({ claimed }) => claimed)).toHaveLength(1);
    }
  });
});

describe('where the children stand', () => {
  it('is read over all pages, in the order of their numbers', async () => {
    const ledger = table.open();
    const keys = Array.from({ length: 60 }, (_, index) => `${index}`);
    const children = await plan(ledger, keys);
    // 60 cursors of 30 KB are more than the megabyte of a page.
    for (const [index] of keys.entries()) {
      const sk = String(index + 1).padStart(7, '0');
      const cursor = JSON.stringify('c'.repeat(30_000));
      await ledger.edit(sk, { state: 'interrupted', cursor }, `${ledger.id}#${TASK.version}`);
    }
    const standings = await ledger.children(TASK.version).standings(children);
    expect(standings.map(({ number }) => number)).toEqual(keys.map((_, index) => index + 1));
    expect(new Set(standings.map((child) => child.damaged ?? child.state))).toEqual(new Set(['interrupted']));
    expect(standings[0]).not.toHaveProperty('cursor');
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['its state', { state: 'done' }, /attribute state/],
    ['what only people look at', { history: 'none' }, /attribute history/],
    ['its cursor', { cursor: '{' }, /attribute cursor/],
    ['its plan', { plan: at(0) }, /is missing or of another plan/],
    ['what it is', { state: 'fanned-out', run: RUN }, /attribute children: missing/],
  ])('names one that is damaged in %s', async (_, damage, message) => {
    const { ledger, children } = await split(table);
    await ledger.edit('0000002', damage, `${ledger.id}#${TASK.version}`);
    const [first, second, third] = await ledger.children(TASK.version).standings(children);
    expect(first?.damaged).toBeUndefined();
    expect(second?.damaged?.message).toMatch(message);
    expect(third?.damaged).toBeUndefined();
  });

  it('names one that is missing', async () => {
    const { ledger, children } = await split(table);
    const standings = await ledger.children(TASK.version).standings({ ...children, count: 4 });
    expect(standings.map(({ damaged }) => damaged?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      'damaged-record',
    ]);
  });
});

describe('correcting a child', () => {
  const { version, name } = TASK;

  it('keeps what it stands for', async () => {
    const { ledger, children } = await split(table);
    const claim = won(await childOf(ledger, 2).claim(claimOfChild()));
    await childOf(ledger, 2).finish(claim, { state: 'in-doubt', reason: 'crashed' }, at(40));
    await childOf(ledger, 2).correct({ kind: 'mark-done', version, name, by: 'ann', reason: 'r' }, at(50));
    expect(await childOf(ledger, 2).get(version)).toMatchObject({ state: 'succeeded', key: 'b', plan: PLAN });
    await childOf(ledger, 2).correct({ kind: 'reset', version, name, by: 'ann', reason: 'r' }, at(60));
    expect(await childOf(ledger, 2).get(version)).toMatchObject({ state: 'pending', key: 'b', plan: PLAN });
    expect((await ledger.children(version).standings(children)).filter(({ damaged }) => damaged)).toEqual([]);
  });

  it('mends one that is damaged, and keeps what it stands for', async () => {
    const { ledger, children } = await split(table);
    await ledger.edit('0000002', { history: 'none' }, `${ledger.id}#${version}`);
    await childOf(ledger, 2).correct({ kind: 'reset', version, name, by: 'ann', reason: 'r' }, at(60));
    expect(await childOf(ledger, 2).get(version)).toMatchObject({ state: 'pending', key: 'b', plan: PLAN });
    expect((await ledger.children(version).standings(children)).filter(({ damaged }) => damaged)).toEqual([]);
  });

  it('is refused while it is being executed', async () => {
    const { ledger } = await split(table);
    won(await childOf(ledger, 2).claim(claimOfChild()));
    const correction = { kind: 'reset', version, name, by: 'ann' } as const;
    await expect(childOf(ledger, 2).correct(correction, at(50))).rejects.toThrow('is being executed');
  });

  it('is refused where it was planned anew meanwhile, and so may stand for something else', async () => {
    const { ledger } = await split(table);
    const overtaken = ledger.beforeNextWrite(() => plan(ledger, ['x', 'y', 'z'], LATER_PLAN));
    const correction = { kind: 'mark-done', version, name, by: 'ann' } as const;
    await expect(childOf(overtaken, 2).correct(correction, at(501))).rejects.toThrow('changed while');
    expect(await childOf(ledger, 2).get(version)).toMatchObject({
      state: 'pending',
      key: 'y',
      plan: LATER_PLAN,
    });
  });
});

describe('a write that the SDK sends twice', () => {
  class Twice extends LedgerTable {
    override async write(...[site, command]: Parameters<LedgerTable['write']>): Promise<Written> {
      await super.write(site, command);
      return super.write(site, command);
    }
  }

  it('plans, splits, claims and finishes once', async () => {
    const { id } = table.open();
    const ledger = new Ledger(new Twice(table.client, 'ledger', id));
    const claim: Claim = won(await ledger.tasks.claim(request()));
    expect(await ledger.tasks.fanOut(claim, await plan(ledger, ['a']), PLAN)).toBe(true);
    const child = won(await childOf(ledger, 1).claim(claimOfChild()));
    expect(child).toMatchObject({ attempt: 1, key: 'a', plan: PLAN });
    expect(await childOf(ledger, 1).finish(child, succeeded, at(40))).toBe(true);
    const [only] = await ledger
      .children(TASK.version)
      .standings({ of: 'keys', count: 1, parallel: 1, plan: PLAN });
    expect(only).toMatchObject({ state: 'succeeded', attempt: 1 });
  });
});
