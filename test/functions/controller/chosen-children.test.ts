import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../functions/ledger/index.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { OTHER_RUN } from './party.ts';
import { SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const KEYS = ['acme', 'globex', 'initech'];
const done = { state: 'succeeded' } as const;
const failed = { state: 'failed', reason: 'HTTP 503' } as const;
const END = { action: 'end' };

/** A task of which these children failed, and a person who asks for some. */
async function asked(
  fails: readonly number[],
  children: number[],
  run: Partial<RunRecord> = {},
): Promise<SplittingParty> {
  const party = await SplittingParty.split(table, KEYS);
  for (const number of [1, 2, 3]) await party.executeChild(number, fails.includes(number) ? failed : done);
  await party.decide();
  await party.accept({
    ...{ runId: OTHER_RUN, trigger: 'invoke', deadline: undefined, startedAt: at(60), children, ...run },
  });
  party.now = 61;
  return party;
}

const runOf = (party: SplittingParty) => party.run(OTHER_RUN);

describe('a run of chosen children', () => {
  it('executes them alone, and succeeds with them whatever the others are', async () => {
    const party = await asked([1, 2], [2]);
    expect(await party.fanOut(OTHER_RUN)).toMatchObject({ children: [2] });
    await party.executeChild(2, done, OTHER_RUN);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    const run = await runOf(party);
    expect(run).toMatchObject({ state: 'succeeded', counts: { succeeded: 1, failed: 0, notStarted: 0 } });
    expect(run.answer?.text).toBe(
      'key "globex" of task 1_task_1 succeeded; of all, 1 of 3 failed: key "acme": HTTP 503',
    );
    expect(await party.ledger.record('1')).toMatchObject({ state: 'failed', attempt: 2 });
  });

  it('says of one that was paused only that, and of several how many succeeded and which did not', async () => {
    const pause = { kind: 'pause', by: 'ann', at: at(62), reason: 'look first' } as const;
    const stopped = { state: 'paused', reason: 'look first', by: 'ann' } as const;
    const ended = async (chosen: number[]) => {
      const party = await asked([1, 2], chosen);
      await party.fanOut(OTHER_RUN);
      for (const number of chosen.slice(0, -1)) await party.executeChild(number, done, OTHER_RUN);
      await party.ledger.tasks.requestStop('1', pause);
      await party.executeChild(chosen.at(-1) ?? 0, stopped, OTHER_RUN);
      await party.decide({}, OTHER_RUN);
      return (await runOf(party)).answer?.text;
    };
    expect(await ended([2])).toBe('key "globex" of task 1_task_1 is paused');
    expect(await ended([1, 2])).toBe(
      '1 of 2 children of task 1_task_1 succeeded, and key "globex" is paused',
    );
  });

  it('and the last one that had failed makes its task whole', async () => {
    const party = await asked([2], [2]);
    await party.fanOut(OTHER_RUN);
    await party.executeChild(2, done, OTHER_RUN);
    await party.decide({}, OTHER_RUN);
    expect((await runOf(party)).answer?.text).toBe('key "globex" of task 1_task_1 succeeded');
    expect((await party.ledger.record('1')).state).toBe('succeeded');
  });

  it('that failed fails, by name, though its task has succeeded before', async () => {
    const party = await asked([], [1, 2]);
    expect(await party.fanOut(OTHER_RUN)).toMatchObject({ children: [1, 2] });
    await party.executeChild(1, done, OTHER_RUN);
    await party.executeChild(2, failed, OTHER_RUN);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect(await runOf(party)).toMatchObject({ state: 'failed', counts: { succeeded: 0, failed: 1 } });
    expect((await runOf(party)).answer?.text).toBe(
      '1 of 2 children of task 1_task_1 failed: key "globex": HTTP 503',
    );
    expect((await party.ledger.record('1')).state).toBe('succeeded');
  });

  it('comes to the same when it is decided again', async () => {
    const party = await asked([2], [2]);
    await party.fanOut(OTHER_RUN);
    await party.executeChild(2, failed, OTHER_RUN);
    await party.decide({}, OTHER_RUN);
    const run = await runOf(party);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect(await runOf(party)).toEqual(run);
  });

  it('that were stopped by a limit ends without a failure', async () => {
    const party = await asked([2], [2], { limit: 7 });
    await party.fanOut(OTHER_RUN);
    await party.executeChild(
      2,
      { state: 'interrupted', cursor: 7, reason: 'its 7 items are done' },
      OTHER_RUN,
    );
    await party.decide({}, OTHER_RUN);
    expect((await runOf(party)).state).toBe('succeeded');
    expect((await runOf(party)).answer?.text).toMatch(
      /^key "globex" of task 1_task_1 is interrupted; of all, /,
    );
  });

  it.each<[string, (party: SplittingParty) => Promise<unknown>]>([
    [
      'was split anew',
      async (party) => {
        const { children } = await party.ledger.record('1');
        await party.ledger.edit('task#1', { children: { ...children, plan: at(70) } });
      },
    ],
    [
      'was reset',
      (party) =>
        party.ledger.tasks.correct({ kind: 'reset', version: '1', name: 'task_1', by: 'ann' }, at(60)),
    ],
    [
      'has no record any more',
      (party) => party.ledger.edit('task#1', { state: 'pending', children: undefined }),
    ],
  ])('of a task that %s begins nothing: its numbers stand for others now', async (_, happens) => {
    const party = await asked([2], [2]);
    await happens(party);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect((await runOf(party)).answer?.text).toBe(
      'the chosen children of task 1_task_1 are no longer there: it was split anew, or reset',
    );
    expect((await party.child(2)).attempt).toBe(1);
  });
});

describe('a dry run of chosen children', () => {
  const dryRun = { dryRun: true } as const;

  it.each([
    ['succeeded', done, 'succeeded', 'the dry run of key "globex" of task 1_task_1 succeeded'],
    ['failed', failed, 'failed', 'the dry run of key "globex" of task 1_task_1 failed: HTTP 503'],
  ] as const)('that %s says so, and leaves the task as it was', async (_, outcome, state, text) => {
    const party = await asked([2], [2], dryRun);
    const before = await party.ledger.record('1');
    expect(await party.fanOut(OTHER_RUN)).toMatchObject({ children: [2] });
    expect(await party.decideChild(2, {}, OTHER_RUN)).toMatchObject({ action: 'run', work: { child: 2 } });
    const claim = await party.claimChild(2, OTHER_RUN);
    await party.ledger.children('1').at(2).finishDryRun(claim, outcome, at(70));
    expect(await party.decideChild(2, {}, OTHER_RUN)).toMatchObject(END);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect((await runOf(party)).state).toBe(state);
    expect((await runOf(party)).answer?.text).toBe(text);
    expect(await party.ledger.record('1')).toEqual(before);
    expect(await party.child(2)).toMatchObject({ ...failed, key: 'globex', attempt: 2 });
  });

  it('of one that was never executed ends, and leaves it pending', async () => {
    const party = await asked([2], [2], dryRun);
    await party.ledger
      .children('1')
      .at(2)
      .correct({ kind: 'reset', version: '1', name: 'task_1', by: 'ann' }, at(59));
    const claim = await party.claimChild(2, OTHER_RUN);
    await party.ledger.children('1').at(2).finishDryRun(claim, done, at(70));
    expect(await party.decideChild(2, {}, OTHER_RUN)).toMatchObject(END);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect((await runOf(party)).state).toBe('succeeded');
    expect((await party.child(2)).state).toBe('pending');
  });

  it('that broke off is settled without a trace but in the history', async () => {
    const party = await asked([2], [2], dryRun);
    await party.claimChild(2, OTHER_RUN, { leaseUntil: at(65) });
    party.now = 66;
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect((await runOf(party)).answer?.text).toContain('failed: its invocation ended without a word');
    const child = await party.child(2);
    expect(child.state).toBe('failed');
    expect(child.history.at(-1)?.state).toBe('dry run: failed');
  });
});

it('a dry run of the whole task only asks the runner into what it would be split', async () => {
  const party = await asked([2], [], { dryRun: true, children: undefined });
  const before = await party.ledger.record('1');
  expect(await party.decide({}, OTHER_RUN)).toMatchObject({ action: 'run', work: { versions: ['1'] } });
  expect(await party.ledger.record('1')).toEqual(before);
});
