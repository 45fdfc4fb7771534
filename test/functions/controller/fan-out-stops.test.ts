import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, OTHER_RUN, RUN } from './party.ts';
import { SplittingParty, STOPPED } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const KEYS = ['acme', 'globex', 'initech'];
const done = { state: 'succeeded', result: 'ok' } as const;
const pause = { kind: 'pause', by: ARN, at: at(25) } as const;
const END = { action: 'end' };
const STOP = { v: 1, runId: RUN, action: 'stop' };
const WAIT = { action: 'wait' };

const answerOf = async (party: SplittingParty) => (await party.run()).answer;

describe('while children are executed', () => {
  it('a pause stops what has not begun, and the run goes on behind the task once the others have stopped', async () => {
    const party = await SplittingParty.split(table, KEYS);
    const claim = await party.claimChild(1);
    await party.ledger.tasks.requestStop('1', pause);
    expect(await party.decideChild(2)).toEqual(STOP);
    expect(await party.decide({ error: STOPPED })).toMatchObject({ ...WAIT, seconds: 10 });
    await party.ledger.children('1').at(1).finish(claim, { state: 'paused', cursor: 7, by: ARN }, at(30));
    expect(await party.decide()).toMatchObject(END);
    expect(await party.ledger.record('1')).toMatchObject({ state: 'paused', by: ARN });
    expect((await party.run()).state).toBe('succeeded');
  });

  it('and what was paused so goes on where it stopped, in the run that resumes it', async () => {
    const party = await SplittingParty.split(table, KEYS);
    await party.executeChild(1, done);
    await party.ledger.tasks.requestStop('1', pause);
    await party.executeChild(2, { state: 'paused', cursor: 7, by: ARN });
    await party.decide();
    await party.ledger.tasks.correct({ kind: 'resume', version: '1', name: 'task_1', by: ARN }, at(40));
    await party.accept({ runId: OTHER_RUN, trigger: 'invoke', deadline: undefined });
    expect(await party.fanOut(OTHER_RUN)).toMatchObject({ children: [2, 3] });
    expect((await party.claimChild(2, OTHER_RUN)).cursor).toBe(7);
  });

  it.each([
    ['person', 'cancelled', 'cancelled'],
    ['rollback', 'interrupted', 'cancelled'],
    ['delete', 'interrupted', 'cancelled'],
  ] as const)('a cancel of the run (%s) ends it once they have stopped', async (cause, state, end) => {
    const party = await SplittingParty.split(table, KEYS);
    const claim = await party.claimChild(1);
    await party.ledger.runs.requestCancel(RUN, { cause, by: ARN, at: at(25) });
    expect(await party.decideChild(2)).toEqual(STOP);
    expect(await party.decide({ error: STOPPED })).toMatchObject(WAIT);
    await party.ledger.children('1').at(1).finish(claim, { state: 'interrupted', reason: 'aborted' }, at(30));
    expect(await party.decide()).toMatchObject(END);
    expect((await party.ledger.record('1')).state).toBe(state);
    expect((await party.run()).state).toBe(end);
    for (const number of [2, 3]) expect((await party.child(number)).state).toBe('pending');
  });

  it('CloudFormation is answered at the deadline, and what is executed is settled once it is over', async () => {
    const party = await SplittingParty.split(table, KEYS);
    party.now = 1_780;
    await party.claimChild(1, RUN, { leaseUntil: at(1_830) });
    party.now = 1_801;
    expect(await party.decideChild(2)).toEqual(STOP);
    expect(await party.decide({ error: STOPPED })).toMatchObject(WAIT);
    const answer = await answerOf(party);
    expect(answer?.status).toBe('FAILED');
    expect(answer?.text).toMatch(
      /^task 1_task_1 \(attempt 1\) was still being executed at the end of the deployTimeout/,
    );
    party.now = 1_831;
    expect(await party.decide()).toMatchObject(END);
    expect((await party.child(1)).reason).toBe('its invocation ended without a word');
    expect((await party.ledger.record('1')).state).toBe('failed');
  });

  it('and nobody answers, the deadline ends what is left', async () => {
    const party = await SplittingParty.split(table, KEYS);
    await party.executeChild(1, done);
    party.now = 1_801;
    expect(await party.decide()).toMatchObject(END);
    expect(await party.ledger.record('1')).toMatchObject({
      state: 'interrupted',
      reason: 'deploy timeout; 2 of 3 left',
    });
    expect((await answerOf(party))?.text).toContain('was interrupted (attempt 1');
  });
});

describe('children that another run sees to', () => {
  async function seenTo(
    isRunning: boolean,
    run: Parameters<SplittingParty['accept']>[0] = {},
  ): Promise<SplittingParty> {
    const party = await SplittingParty.split(table, KEYS);
    Object.assign(party.ports.workflow, { isRunning: async (runId: string) => isRunning && runId === RUN });
    await party.accept({ runId: OTHER_RUN, ...run });
    return party;
  }

  it('have a deploy wait for them to its deadline, and leave them', async () => {
    const party = await seenTo(true);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject({ ...WAIT, seconds: 10 });
    party.now = 1_801;
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect(await party.ledger.record('1')).toMatchObject({ state: 'fanned-out', run: RUN });
    expect((await party.run(OTHER_RUN)).answer?.text).toContain('was still being executed by another run');
  });

  it.each([
    ['a person', { trigger: 'invoke', deadline: undefined }],
    ['a background run', { parent: 'c'.repeat(32), deadline: undefined }],
  ] as const)('are left to it by the run of %s', async (_, run) => {
    const party = await seenTo(true, run);
    await party.editChild(1, { progress: { done: 43, total: 100 } });
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect(await party.run(OTHER_RUN)).toMatchObject({
      state: 'held',
      answer: { text: `task 1_task_1 is still running, 14 %, in run ${RUN}` },
    });
    expect(await party.ledger.record('1')).toMatchObject({ state: 'fanned-out', run: RUN });
  });

  it('and that has ended are taken over by a deploy, once none of them is being executed', async () => {
    const party = await seenTo(false);
    await party.executeChild(1, done);
    await party.claimChild(2);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(WAIT);
    party.now = 81;
    expect(await party.fanOut(OTHER_RUN)).toMatchObject({ children: [2, 3] });
    const record = await party.ledger.record('1');
    expect(record).toMatchObject({ state: 'fanned-out', run: OTHER_RUN, attempt: 2 });
    expect(record.history.at(-1)).toMatchObject({
      run: RUN,
      reason: expect.stringContaining('ended before its children did'),
    });
    // The run that was thought to have ended begins none of them any more.
    expect(await party.decideChild(3, {}, RUN)).toEqual(STOP);
  });

  it('and that has ended are left where a person had asked it to pause them', async () => {
    const party = await seenTo(false);
    await party.ledger.tasks.requestStop('1', pause);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect(await party.ledger.record('1')).toMatchObject({ state: 'paused', by: ARN, lastRun: RUN });
    expect((await party.run(OTHER_RUN)).state).toBe('succeeded');
  });

  it('at most once, and broke off with it, end in doubt one by one', async () => {
    const party = await SplittingParty.split(table, KEYS, {}, { delivery: 'at-most-once' });
    await party.executeChild(1, done);
    await party.claimChild(2);
    party.now = 81;
    await party.accept({ runId: OTHER_RUN }, { delivery: 'at-most-once' });
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    const states = await Promise.all([1, 2, 3].map(async (number) => (await party.child(number)).state));
    expect(states).toEqual(['succeeded', 'in-doubt', 'pending']);
    expect(await party.ledger.record('1')).toMatchObject({
      state: 'in-doubt',
      reason: '1 of 3 in doubt: key "globex": its invocation ended without a word',
    });
  });
});
