import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControllerPorts } from '../../../functions/controller/ports.ts';
import type { Corrections, RunStatus } from '../../../functions/controller/requests.ts';
import type { RunRecord, TaskOutcome } from '../../../functions/ledger/index.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, deployed, manifestOf, newRunId, OTHER_RUN, runOf, TestParty } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const FAR = { cursor: { id: 'u-7' }, progress: { done: 7, total: 20 } } as const;

function partyOf(ports: Partial<ControllerPorts> = {}): TestParty {
  const tasks = [deployed('1', { iterates: true }), deployed('2', { iterates: false })];
  return new TestParty(table, manifestOf(...tasks), ports);
}

/** A party whose first task ended so. */
async function partyAfter(outcome: TaskOutcome, run: Partial<RunRecord> = {}): Promise<TestParty> {
  const party = partyOf();
  await party.ledger.runs.accept(runOf([], { runId: OTHER_RUN, state: 'succeeded', ...run }));
  await party.ledger.tasks.finish(await party.claim('1'), outcome, at(10));
  return party;
}

const partyPaused = (run: Partial<RunRecord> = {}) => partyAfter({ state: 'paused', ...FAR }, run);

describe('pause', () => {
  const pause = { request: 'pause', names: ['1'], by: ARN };

  it('is recorded at once for a task that waits, with who and why', async () => {
    const party = partyOf();
    const { tasks } = await party.ask<Corrections>({ ...pause, reason: 'peak hours' });
    expect(tasks).toMatchObject([{ version: '1', state: 'paused', reason: 'peak hours', notes: [] }]);
    expect((await party.ledger.record('1')).history).toEqual([
      { attempt: 0, state: 'paused', at: at(100), by: ARN, reason: 'peak hours' },
    ]);
  });

  it.each(['failed', 'interrupted'] as const)('keeps the place of one that is %s', async (state) => {
    const party = await partyAfter({ state, reason: 'deploy timeout', ...FAR });
    await party.ask<Corrections>(pause);
    expect(await party.ledger.record('1')).toMatchObject({ state: 'paused', ...FAR, lastRun: OTHER_RUN });
  });

  it('is requested of one that is being executed', async () => {
    const party = partyOf();
    const claim = await party.claim('1', OTHER_RUN, at(200));
    const { tasks } = await party.ask<Corrections>({ ...pause, reason: 'peak hours' });
    expect(tasks).toMatchObject([{ state: 'running', notes: ['pause-requested'] }]);
    expect(await party.ledger.tasks.demands(claim)).toMatchObject({
      request: { kind: 'pause', by: ARN, at: at(100), reason: 'peak hours' },
    });
  });

  it('says so where the task ended just before', async () => {
    const party = partyOf();
    const claim = await party.claim('1', OTHER_RUN, at(200));
    const overtaken = party.ledger.beforeNextWrite(() =>
      party.ledger.tasks.finish(claim, { state: 'succeeded' }, at(50)),
    );
    const late = partyOf({ ledger: overtaken });
    expect(await late.refusal(pause)).toMatchObject({
      code: 'wrong-state',
      message: 'task 1_task_1 is succeeded, and cannot be paused',
    });
  });

  it.each(['succeeded', 'in-doubt', 'cancelled', 'paused'] as const)(
    'is refused for one that is %s, and then for all',
    async (state) => {
      const party = await partyAfter({ state });
      expect(await party.refusal({ ...pause, names: ['1', '2'] })).toMatchObject({ code: 'wrong-state' });
      expect(await party.ledger.tasks.get('2')).toBeUndefined();
      expect((await party.ledger.record('1')).state).toBe(state);
    },
  );

  it('is refused for a damaged record', async () => {
    const party = partyOf();
    await party.ledger.edit('task#1', { attempt: 'many' });
    expect(await party.refusal(pause)).toMatchObject({ code: 'damaged-record' });
  });
});

describe('cancel of a task', () => {
  const cancel = { request: 'cancel-task', names: ['1'], by: ARN, reason: 'wrong release' };

  it.each(['interrupted', 'paused'] as const)('is recorded at once where it is %s', async (state) => {
    const party = await partyAfter({ state, ...FAR });
    const { tasks } = await party.ask<Corrections>(cancel);
    expect(tasks).toMatchObject([{ state: 'cancelled', reason: 'wrong release' }]);
    expect((await party.ledger.record('1')).history.at(-1)).toMatchObject({ state: 'cancelled', by: ARN });
  });

  it('is requested where it is being executed', async () => {
    const party = partyOf();
    await party.claim('1', OTHER_RUN, at(200));
    const { tasks } = await party.ask<Corrections>(cancel);
    expect(tasks).toMatchObject([{ state: 'running', notes: ['cancel-requested'] }]);
  });

  it.each(['succeeded', 'failed'] as const)('is refused where it is %s', async (state) => {
    const party = await partyAfter({ state });
    expect(await party.refusal(cancel)).toMatchObject({
      code: 'wrong-state',
      resolution: 'to have deploys leave it out: npx after-party skip task_1 --reason "..."',
    });
  });
});

describe('rate', () => {
  const rate = { request: 'rate', names: ['1'], by: ARN, itemsPerSecond: 2.5 };

  it('is kept with the record, and reaches the invocation that executes the task', async () => {
    const party = partyOf();
    const claim = await party.claim('1', OTHER_RUN, at(200));
    const { tasks } = await party.ask<Corrections>(rate);
    expect(tasks).toMatchObject([{ state: 'running', rate: 2.5 }]);
    expect(await party.ledger.tasks.demands(claim)).toMatchObject({ rate: 2.5 });
  });

  it.each([0, -1, null, 'fast'])('is refused where it is %j', async (itemsPerSecond) => {
    expect(await partyOf().refusal({ ...rate, itemsPerSecond })).toMatchObject({ code: 'bad-request' });
  });

  it('is refused for a task without items, and one without a record', async () => {
    const party = partyOf();
    await party.executed('2', 'failed');
    expect(await party.refusal({ ...rate, names: ['2'] })).toMatchObject({
      code: 'wrong-state',
      message: 'task 2_task_2 goes through no items, so it has no rate',
    });
    expect(await party.refusal(rate)).toMatchObject({
      code: 'wrong-state',
      message: expect.stringContaining('has not run yet'),
    });
    expect(await party.ledger.tasks.get('1')).toBeUndefined();
  });
});

describe('resume', () => {
  const resume = (runId = newRunId()) => ({ request: 'resume', names: ['1'], by: ARN, runId });

  it('lets the task go on where it stopped, in a run of its own, with the params it had', async () => {
    const party = await partyPaused({ params: { month: '2026-11' } });
    party.ports.manifest.tasks[0] = deployed('1', { iterates: true, takesParams: true });
    const request = resume();

    const run = await party.ask<RunStatus>(request);

    expect(run).toMatchObject({ runId: request.runId, trigger: 'invoke', tasks: [{ state: 'interrupted' }] });
    expect(party.started).toEqual([request.runId]);
    expect((await party.ledger.runs.require(request.runId)).params).toEqual({ month: '2026-11' });
    expect((await party.ledger.record('1')).history.at(-1)).toMatchObject({ state: 'resumed', by: ARN });
    const claim = await party.claim('1', request.runId, at(200));
    expect(claim).toMatchObject(FAR);
  });

  it('sent twice comes to one run', async () => {
    const party = await partyPaused();
    const request = resume();
    await party.ask<RunStatus>(request);
    expect(await party.ask<RunStatus>(request)).toMatchObject({ runId: request.runId });
    expect((await party.ledger.record('1')).history.filter(({ state }) => state === 'resumed')).toHaveLength(
      1,
    );
  });

  it.each([
    ['is not paused', { state: 'interrupted', ...FAR } as const, {}, 'wrong-state'],
    [
      'had secret params',
      { state: 'paused' } as const,
      { params: { month: '1' }, secretParams: ['token'] },
      'bad-params',
    ],
  ])('is refused where the task %s', async (_, outcome, run, code) => {
    const party = await partyAfter(outcome, run);
    expect(await party.refusal(resume())).toMatchObject({ code });
    expect((await party.ledger.record('1')).state).toBe(outcome.state);
    expect(party.started).toEqual([]);
  });

  it('is refused where its file is gone, and leaves it paused', async () => {
    const party = await partyPaused();
    party.ports.manifest.tasks.shift();
    expect(await party.refusal(resume())).toMatchObject({ code: 'not-deployed' });
    expect((await party.ledger.record('1')).state).toBe('paused');
  });
});

describe('invoke', () => {
  const invoke = (fields: object) => ({
    ...{ request: 'invoke', names: ['1'], by: ARN, runId: newRunId() },
    ...fields,
  });

  it.each(['interrupted', 'paused'] as const)(
    'goes on with what is %s without being asked',
    async (state) => {
      const party = await partyAfter({ state, ...FAR });
      expect(await party.ask<RunStatus>(invoke({}))).toMatchObject({ state: 'running' });
    },
  );

  it('keeps how it is to run', async () => {
    const party = partyOf();
    const limited = await party.ask<RunStatus>(invoke({ limit: 100, fromStart: true }));
    const dry = await party.ask<RunStatus>(invoke({ dryRun: true }));
    expect(await party.ledger.runs.require(limited.runId)).toMatchObject({ limit: 100, fromStart: true });
    expect(limited.dryRun).toBe(false);
    expect(dry.dryRun).toBe(true);
  });

  it('asks nobody about a dry run of what has succeeded', async () => {
    const party = await partyAfter({ state: 'succeeded' });
    expect(await party.refusal(invoke({}))).toMatchObject({ code: 'confirm' });
    expect(await party.ask<RunStatus>(invoke({ dryRun: true }))).toMatchObject({ state: 'running' });
  });

  it.each([
    [{ limit: 0 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ names: ['2'], limit: 5 }, '2_task_2 goes through no items'],
    [{ dryRun: true, fromStart: true }, 'a dry run keeps what is recorded'],
  ])('is refused: %j', async (fields, words) => {
    const party = partyOf();
    expect(await party.refusal(invoke(fields))).toMatchObject({
      code: 'bad-request',
      message: expect.stringContaining(words),
    });
    expect(party.started).toEqual([]);
  });
});
