import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Corrections, RunStatus } from '../../../functions/controller/requests.ts';
import type { RunRecord, TaskOutcome } from '../../../functions/ledger/index.ts';
import { at, request, TestTable, won } from '../ledger/open-ledger.ts';
import { ARN, deployed, manifestOf, newRunId, OTHER_RUN, runOf, TestParty } from './party.ts';
import { SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const KEYS = ['acme', 'globex', 'initech', 'umbrella'];
const FAILED: TaskOutcome = { state: 'failed', error: { name: 'Error', message: 'HTTP 503' } };
const STOPPED: TaskOutcome = { state: 'paused', cursor: 7, progress: { done: 7 }, by: ARN };

const pause = { request: 'pause', names: ['1'], by: ARN };
const resume = () => ({ request: 'resume', runId: newRunId(), names: ['1'], by: ARN });

/** A party whose keys have all failed, while a run of some of them is under way. */
async function partyTrying(keys: readonly string[], fields: object = {}) {
  const party = await SplittingParty.running(table, {}, { iterates: true });
  party.outcomes = () => FAILED;
  await party.carryOut(KEYS);
  party.executions.clear();
  party.outcomes = () => ({ state: 'succeeded' });
  Object.assign(party.ports.workflow, { isRunning: async () => true });
  const runId = newRunId();
  await party.ask<RunStatus>({ request: 'invoke', runId, names: ['1'], by: ARN, keys, ...fields });
  await party.fanOut(runId);
  return { party, runId };
}

/** Pauses the task while its run executes a child of it, which ends so. */
async function pauseAmid(party: SplittingParty, runId: string, child: number, outcome: TaskOutcome) {
  const claim = await party.claimChild(child, runId);
  await party.ask<Corrections>(pause);
  await party.ledger.children('1').at(child).finish(claim, outcome, at(party.now));
  expect(await party.decide({}, runId)).toMatchObject({ action: 'end' });
  expect((await party.ledger.record('1')).state).toBe('paused');
}

async function resumed(party: SplittingParty): Promise<RunRecord> {
  const asked = resume();
  await party.ask<RunStatus>(asked);
  await party.carryOut(KEYS, asked.runId);
  return party.run(asked.runId);
}

const states = async (party: SplittingParty) =>
  Promise.all(KEYS.map(async (_, index) => (await party.child(index + 1)).state));

describe('resume of a task that was paused in a run of some keys', () => {
  it('goes on with these alone, from where they stopped', async () => {
    const { party, runId } = await partyTrying(['globex']);
    await pauseAmid(party, runId, 2, STOPPED);
    const asked = resume();

    const run = await party.ask<RunStatus>(asked);

    expect(run.children).toMatchObject([{ number: 2, key: 'globex', state: 'paused' }]);
    expect(await party.fanOut(asked.runId)).toMatchObject({ children: [2] });
    expect((await party.claimChild(2, asked.runId)).cursor).toBe(7);
  });

  it('and leaves all others as they are', async () => {
    const { party, runId } = await partyTrying(['globex']);
    await pauseAmid(party, runId, 2, STOPPED);
    const run = await resumed(party);
    expect(Object.fromEntries(party.executions)).toEqual({ globex: 1 });
    expect(await states(party)).toEqual(['failed', 'succeeded', 'failed', 'failed']);
    expect(run.answer?.text).toMatch(/^key "globex" of task 1_task_1 succeeded; of all, 3 of 4 failed/);
  });

  it('goes on with those of them that have not succeeded in it', async () => {
    const { party, runId } = await partyTrying(['acme', 'globex', 'initech']);
    await party.executeChild(1, { state: 'succeeded' }, runId);
    await party.executeChild(2, FAILED, runId);
    await pauseAmid(party, runId, 3, STOPPED);
    await resumed(party);
    expect(Object.fromEntries(party.executions)).toEqual({ globex: 1, initech: 1 });
  });

  it('goes on with one that had succeeded before and is run again', async () => {
    const { party, runId } = await partyTrying(['acme']);
    await party.executeChild(1, { state: 'succeeded' }, runId);
    await party.decide({}, runId);
    const again = newRunId();
    const invoke = { request: 'invoke', names: ['1'], by: ARN, keys: ['acme'], confirmed: true };
    await party.ask<RunStatus>({ ...invoke, runId: again });
    await party.fanOut(again);
    await party.ask<Corrections>(pause);
    await party.decide({}, again);
    await resumed(party);
    expect(Object.fromEntries(party.executions)).toEqual({ acme: 1 });
  });

  it('executes nothing where they succeeded before the pause came', async () => {
    const { party, runId } = await partyTrying(['globex']);
    await pauseAmid(party, runId, 2, { state: 'succeeded' });
    const run = await resumed(party);
    expect(party.executions.size).toBe(0);
    expect(run).toMatchObject({ state: 'succeeded', answer: { text: 'nothing of it was left to run' } });
    expect((await party.ledger.record('1')).state).toBe('interrupted');
  });

  it('keeps to the rest of its limit', async () => {
    const { party, runId } = await partyTrying(['globex'], { limit: 10 });
    await pauseAmid(party, runId, 2, STOPPED);
    expect(await resumed(party)).toMatchObject({ children: [2], limit: 3 });
    const late = await partyTrying(['globex'], { limit: 10 });
    await late.party.ask<Corrections>(pause);
    await late.party.decide({}, late.runId);
    expect(await resumed(late.party)).toMatchObject({ children: [2], limit: 10 });
  });

  it('goes on with all that is left where it was paused after that run had ended', async () => {
    const { party, runId } = await partyTrying(['globex']);
    await party.executeChild(2, { state: 'succeeded' }, runId);
    await party.decide({}, runId);
    await party.ask<Corrections>(pause);
    expect((await resumed(party)).children).toBeUndefined();
    expect(Object.fromEntries(party.executions)).toEqual({ acme: 1, initech: 1, umbrella: 1 });
  });
});

describe('resume of a task that was paused', () => {
  /** A party whose task was paused in a run that was told so. */
  async function partyPaused(run: Partial<RunRecord>, outcome: Partial<TaskOutcome> = {}) {
    const tasks = [
      deployed('1', { iterates: true, takesParams: true }),
      deployed('2', { takesParams: true }),
    ];
    const party = new TestParty(table, manifestOf(...tasks));
    await party.ledger.runs.accept(runOf([], { runId: OTHER_RUN, state: 'succeeded', ...run }));
    const claim = await party.claim('1');
    await party.ledger.tasks.finish(claim, { state: 'paused', cursor: 7, ...outcome }, at(10));
    return party;
  }

  const runAfter = async (party: TestParty) => {
    const { runId } = await party.ask<RunStatus>(resume());
    return party.ledger.runs.require(runId);
  };

  it.each([
    ['from its first item', { done: 4 }, 6],
    ['from where an earlier run had stopped', { done: 104, before: 100 }, 6],
    ['before its first item', undefined, 10],
  ])('keeps to the rest of the limit of its run, %s', async (_, progress, limit) => {
    const party = await partyPaused({ limit: 10 }, progress === undefined ? {} : { progress });
    expect((await runAfter(party)).limit).toBe(limit);
  });

  it('executes nothing where the limit was reached before the pause came', async () => {
    const run = await runAfter(await partyPaused({ limit: 10 }, { progress: { done: 10 } }));
    expect(run.selection).toEqual([]);
  });

  it('has its params, whatever a dry run was told since', async () => {
    const party = await partyPaused({ params: { month: '2026-11' } });
    const dryRun = newRunId();
    await party.ledger.runs.accept(runOf([], { runId: dryRun, params: { month: '1999-01' }, dryRun: true }));
    const task = { version: '1', name: 'task_1' };
    const claimed = await party.ledger.tasks.claim(
      request({ task, runId: dryRun, asked: true, dryRun: true }),
    );
    await party.ledger.tasks.finishDryRun(won(claimed), { state: 'succeeded' }, at(20));
    expect(await party.ledger.record('1')).toMatchObject({ state: 'paused', lastRun: dryRun });
    expect((await runAfter(party)).params).toEqual({ month: '2026-11' });
  });

  it('has the params of its last attempt where it was paused while it waited', async () => {
    const party = await partyPaused({ params: { month: '2026-11' }, limit: 10 }, { state: 'interrupted' });
    await party.ask<Corrections>(pause);
    const run = await runAfter(party);
    expect(run.params).toEqual({ month: '2026-11' });
    expect(run.limit).toBeUndefined();
  });

  it('with another that was asked for otherwise is refused, and changes neither', async () => {
    const party = await partyPaused({ params: { month: '2026-11' } });
    await party.ask<Corrections>({ ...pause, names: ['2'] });
    const both = { ...resume(), names: ['1', '2'] };
    expect(await party.refusal(both)).toMatchObject({ resolution: 'resume one after the other' });
    expect((await party.ledger.record('1')).state).toBe('paused');
  });

  it.each([
    ['its run is kept no more', 'wrong-state', { runId: newRunId() }, { takesParams: true }],
    ['it takes no params any more', 'bad-params', { params: { month: '2026-11' } }, { takesParams: false }],
  ])('is refused where %s, and leaves it paused', async (_, code, run, task) => {
    const party = await partyPaused(run);
    party.ports.manifest.tasks[0] = deployed('1', task);
    expect(await party.refusal(resume())).toMatchObject({ code });
    expect((await party.ledger.record('1')).state).toBe('paused');
    expect(party.started).toEqual([]);
  });
});
