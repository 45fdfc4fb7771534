import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord, SplitTask } from '../../../functions/ledger/index.ts';
import { accepted, at, OTHER_RUN, RUN, request, type TestLedger, TestTable, won } from './open-ledger.ts';
import { childOf, plan, recordOf, split, TASK } from './split-ledger.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const pause = { kind: 'pause', by: 'ann', at: at(20) } as const;
const succeeded = { state: 'succeeded', result: '3 keys' } as const;
const paused = { state: 'paused', reason: 'paused', by: 'ann' } as const;

const runOf = (runId: string): RunRecord => accepted({ runId, state: 'running' });

describe('splitting a task', () => {
  it('hands it over from its invocation to its run', async () => {
    const { ledger, children } = await split(table);
    const record = await ledger.record();
    expect(record).toMatchObject({ state: 'fanned-out', run: RUN, children, attempt: 1 });
    expect(record).not.toHaveProperty('leaseUntil');
    expect(record.summary).toBe('split into 3 keys, which are being executed since 2026-11-20 09:15 UTC');
  });

  it('is refused to an invocation whose task was taken over', async () => {
    const ledger = table.open();
    const zombie = won(await ledger.tasks.claim(request()));
    await ledger.tasks.claim(request({ runId: OTHER_RUN, now: at(61), leaseUntil: at(120) }));
    expect(await ledger.tasks.fanOut(zombie, await plan(ledger, ['a']), at(62))).toBe(false);
    expect(await ledger.record()).toMatchObject({ state: 'running', run: OTHER_RUN });
  });

  it('lets nobody claim it meanwhile', async () => {
    const { ledger } = await split(table);
    for (const asked of [true, false])
      expect(await ledger.tasks.claim(request({ runId: OTHER_RUN, asked, now: at(900) }))).toMatchObject({
        claimed: false,
        holder: { state: 'fanned-out' },
      });
  });

  it('anew, and breaking off with that, forgets the earlier children, some of which are written over', async () => {
    const { ledger } = await split(table);
    await ledger.tasks.settle(await recordOf(ledger), { state: 'failed', reason: 'r' }, at(60), {
      runId: RUN,
    });
    const anew = { runId: OTHER_RUN, asked: true, now: at(400), leaseUntil: at(460) };
    const claim = won(await ledger.tasks.claim(request(anew)));
    await ledger.children(TASK.version).plan(TASK, at(401), 1, { key: 'x' }, at(401));
    await ledger.tasks.finish(claim, { state: 'failed', reason: 'crashed' }, at(402));
    expect(await ledger.record()).not.toHaveProperty('children');
  });

  it('for a dry run forgets nothing, however that ends', async () => {
    const { ledger, children } = await split(table);
    await ledger.tasks.settle(await recordOf(ledger), { state: 'failed', reason: 'r' }, at(60), {
      runId: RUN,
    });
    const asked = { runId: OTHER_RUN, asked: true, now: at(400), leaseUntil: at(460) };
    const claim = won(await ledger.tasks.claim(request(asked)));
    await ledger.tasks.finishDryRun(
      { ...claim, previous: 'unknown' },
      { state: 'failed', reason: 'crashed' },
      at(402),
    );
    expect(await ledger.record()).toMatchObject({ state: 'failed', children });
  });
});

describe('reopening a split task', () => {
  async function failed(): Promise<{ ledger: TestLedger; record: SplitTask }> {
    const { ledger } = await split(table);
    const outcome = { state: 'failed', reason: '1 of 3 failed', logs: ['l'], progress: { done: 7 } } as const;
    await ledger.tasks.settle(await recordOf(ledger), outcome, at(60), { runId: RUN });
    return { ledger, record: await recordOf(ledger) };
  }

  it('has another run see to the children of the plan', async () => {
    const { ledger, record } = await failed();
    await ledger.tasks.reopen(record, runOf(OTHER_RUN), at(100));
    const reopened = await ledger.record();
    expect(reopened).toMatchObject({
      ...{ state: 'fanned-out', run: OTHER_RUN, attempt: 2, startedAt: at(100), beganAt: at(100) },
      ...{ children: record.children, history: record.history },
    });
    for (const name of ['finishedAt', 'reason', 'logs', 'progress'])
      expect(reopened).not.toHaveProperty(name);
  });

  it('by two runs at once has one of them see to them, every time', async () => {
    for (let round = 0; round < 25; round++) {
      const { ledger, record } = await failed();
      await Promise.all(
        [OTHER_RUN, 'c'.repeat(32)].map((runId) => ledger.tasks.reopen(record, runOf(runId), at(100))),
      );
      expect(await ledger.record()).toMatchObject({ state: 'fanned-out', attempt: 2 });
    }
  });

  it.each<[string, (ledger: TestLedger) => Promise<unknown>]>([
    [
      'a person has marked it as done',
      (ledger) => ledger.tasks.correct({ kind: 'mark-done', ...TASK, by: 'ann' }, at(90)),
    ],
    ['it was reset', (ledger) => ledger.tasks.correct({ kind: 'reset', ...TASK, by: 'ann' }, at(90))],
    ['somebody splits it anew', (ledger) => ledger.tasks.claim(request({ runId: OTHER_RUN, now: at(90) }))],
  ])('changes nothing where %s since', async (_, happens) => {
    const { ledger, record } = await failed();
    await happens(ledger);
    const before = await ledger.record();
    await ledger.tasks.reopen(record, runOf(OTHER_RUN), at(100));
    expect(await ledger.record()).toEqual(before);
  });
});

describe('settling a split task', () => {
  it('records once what its children have come to', async () => {
    const { ledger } = await split(table);
    const record = await recordOf(ledger);
    expect(await ledger.tasks.settle(record, succeeded, at(60), { runId: RUN })).toBe(true);
    const settled = await ledger.record();
    expect(settled).toMatchObject({ ...succeeded, succeededAt: at(60), lastRun: RUN, attempt: 1 });
    expect(settled.history).toEqual([expect.objectContaining({ state: 'succeeded', run: RUN })]);
    expect(await ledger.tasks.settle(record, { state: 'failed', reason: 'r' }, at(61), { runId: RUN })).toBe(
      false,
    );
    expect(await ledger.record()).toEqual(settled);
  });

  it('gives way to what is asked meanwhile, unless it has succeeded', async () => {
    for (const [outcome, applied] of [
      [{ state: 'failed', reason: 'r' }, false],
      [succeeded, true],
    ] as const) {
      const { ledger } = await split(table);
      const record = await recordOf(ledger);
      await ledger.tasks.requestStop(TASK.version, pause);
      expect(await ledger.tasks.settle(record, outcome, at(60), { runId: RUN })).toBe(applied);
      if (applied) continue;
      expect(await ledger.tasks.settle(await recordOf(ledger), paused, at(61), { runId: RUN })).toBe(true);
      expect(await ledger.record()).toMatchObject(paused);
      expect(await ledger.record()).not.toHaveProperty('request');
    }
  });

  it('against a pause at the same time loses the one or the other, every time, and never both', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 40; round++) {
      const { ledger } = await split(table, ['a']);
      const record = await recordOf(ledger);
      const outcome = round % 2 === 0 ? succeeded : ({ state: 'failed', reason: 'r' } as const);
      const settling = () => ledger.tasks.settle(record, outcome, at(60), { runId: RUN });
      const asking = () => ledger.tasks.requestStop(TASK.version, pause);
      const order = round % 4 < 2 ? [settling, asking] : [asking, settling];
      const done = await Promise.all(order.map(async (act) => [act, await act()] as const));
      const [isSettled, isAsked] = [settling, asking].map(
        (act) => done.find(([other]) => other === act)?.[1],
      );
      const after = await ledger.record();
      if (isSettled) {
        expect(after.state).toBe(outcome.state);
        expect(after.request).toBeUndefined();
      } else expect(after).toMatchObject({ state: 'fanned-out', request: pause });
      expect(isSettled || isAsked).toBe(true);
      seen.add(`${outcome.state}: ${isSettled}, ${isAsked}`);
    }
    // A success may come after a request that was accepted; a failure may not.
    expect(seen).not.toContain('failed: true, true');
  });

  it('twice at the same time has one entry in the history, every time', async () => {
    for (let round = 0; round < 25; round++) {
      const { ledger } = await split(table, ['a']);
      const record = await recordOf(ledger);
      const twice = [60, 61].map((seconds) =>
        ledger.tasks.settle(record, succeeded, at(seconds), { runId: RUN }),
      );
      expect((await Promise.all(twice)).filter((applied) => applied)).toHaveLength(1);
      expect((await ledger.record()).history).toHaveLength(1);
    }
  });

  it('of a dry run leaves nothing but that it was', async () => {
    const { ledger } = await split(table);
    const child = childOf(ledger, 1);
    const record = await child.get(TASK.version);
    if (record === undefined) throw new Error('no child');
    const run = { runId: OTHER_RUN, dryRun: true };
    expect(await child.settle(record, { state: 'failed', reason: 'no runner' }, at(60), run)).toBe(true);
    const { history, lastRun, ...after } = (await child.get(TASK.version)) ?? {};
    const { history: _none, ...before } = record;
    expect(after).toEqual(before);
    expect(lastRun).toBe(OTHER_RUN);
    expect(history).toEqual([expect.objectContaining({ state: 'dry run: failed', reason: 'no runner' })]);
  });
});
