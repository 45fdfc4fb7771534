import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../functions/ledger/index.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import type { DecideMessage, Work } from '../../../functions/workflow-messages.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, OTHER_RUN, RUN } from './party.ts';
import { SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const DIED = '11111111-2222-3333-4444-555555555555';
const EXIT = { Error: 'Runtime.ExitError', Cause: '{"errorMessage":"exited with error: exit status 1"}' };
const NAMED_EXIT = {
  Error: 'Runtime.ExitError',
  Cause: `{"errorMessage":"RequestId: ${DIED} Error: exit status 1"}`,
};
const KILLED = {
  Error: 'Runtime.ExitError',
  Cause: '{"errorMessage":"Runtime exited with error: signal: SIGKILL"}',
};
const REFUSED = { Error: 'Lambda.SdkClientException' };
const END = { v: 1, runId: RUN, action: 'end' };
const STOP = { v: 1, runId: RUN, action: 'stop' };
const WORK: Work = {
  v: 1,
  runId: RUN,
  versions: ['1'],
  child: 2,
  share: 0.5,
  attempt: 0,
  timeoutSeconds: 960,
};
const done = { state: 'succeeded' } as const;
const LATER_PLAN = at(500);

type State = Partial<DecideMessage['state']>;

class ChildParty extends SplittingParty {
  static async with(run: Partial<RunRecord> = {}, task: Partial<ManifestTask> = {}): Promise<ChildParty> {
    const party = new ChildParty(table, task);
    await party.accept(run, task);
    party.now = 20;
    await party.plan(['acme', 'globex', 'initech']);
    return party;
  }

  /** What is decided of child 2; the count of steps has tests of its own. */
  async of2(state: State = {}) {
    const { steps, ...decision } = (await this.decideChild(2, { share: 0.5, ...state })) as Record<
      string,
      unknown
    >;
    return decision;
  }
}

describe('Decide of a child', () => {
  it('has it executed, and says whose it is and how much of the rate', async () => {
    const party = await ChildParty.with();
    const decision = {
      ...{ v: 1, runId: RUN, action: 'run', version: '1', child: 2, share: 0.5 },
      work: { ...WORK, deadline: at(1_800) },
    };
    expect(await party.of2()).toEqual(decision);
    expect(await party.of2()).toEqual(decision);
  });

  it('goes on with one that yielded, and counts its attempts', async () => {
    const party = await ChildParty.with();
    await party.executeChild(2, { state: 'interrupted', cursor: 7 });
    const report = { v: 1, runId: RUN } as const;
    expect(await party.of2({ work: WORK, report })).toMatchObject({ action: 'run', work: { attempt: 1 } });
  });

  it.each([
    ['succeeded', done],
    ['failed', { state: 'failed', reason: 'r' }],
    ['is in doubt', { state: 'in-doubt', reason: 'r' }],
    ['was stopped', { state: 'interrupted', reason: 'r' }],
    ['was paused', { state: 'paused', reason: 'r' }],
  ] as const)('ends with one that %s', async (_, outcome) => {
    const party = await ChildParty.with();
    await party.executeChild(2, outcome);
    const before = await party.child(2);
    expect(await party.of2({ work: WORK, report: { v: 1, runId: RUN } })).toEqual(END);
    expect(await party.child(2)).toEqual(before);
  });

  it('waits while somebody executes it, and settles it once that is over', async () => {
    const party = await ChildParty.with();
    await party.claimChild(2);
    expect(await party.of2()).toMatchObject({
      action: 'wait',
      seconds: 10,
      version: '1',
      child: 2,
      share: 0.5,
    });
    party.now = 81;
    expect(await party.of2()).toEqual(END);
    expect(await party.child(2)).toMatchObject({
      state: 'failed',
      reason: 'its invocation ended without a word',
    });
  });

  it('stops the rest at the deadline', async () => {
    const party = await ChildParty.with();
    party.now = 1_801;
    expect(await party.of2()).toEqual(STOP);
    expect((await party.child(2)).state).toBe('pending');
  });

  it('ends before the history of its execution is full: the run maps it again', async () => {
    const party = await ChildParty.with();
    expect(await party.of2({ steps: 998 })).toMatchObject({ action: 'run' });
    expect(await party.of2({ steps: 999 })).toEqual(END);
    expect(party.started).toEqual([]);
  });

  it.each<[string, (party: ChildParty) => Promise<unknown>]>([
    [
      'its run is cancelled',
      (party) => party.ledger.runs.requestCancel(RUN, { cause: 'person', by: ARN, at: at(21) }),
    ],
    [
      'its task is to pause',
      (party) => party.ledger.tasks.requestStop('1', { kind: 'pause', by: ARN, at: at(21) }),
    ],
    ['its task is another run’s', (party) => party.ledger.edit('task#1', { run: OTHER_RUN })],
    ['its task is settled', (party) => party.ledger.edit('task#1', { state: 'paused' })],
    ['its task is damaged', (party) => party.ledger.edit('task#1', { children: undefined })],
  ])('begins nothing where %s, and stops the rest', async (_, happens) => {
    const party = await ChildParty.with();
    await happens(party);
    expect(await party.of2()).toEqual(STOP);
  });

  it.each<[string, (party: ChildParty) => Promise<unknown>]>([
    [
      'it is of another plan than its task',
      async (party) => {
        const { children } = await party.ledger.record('1');
        await party.ledger.edit('task#1', { children: { ...children, plan: LATER_PLAN } });
      },
    ],
    ['it is damaged', (party) => party.editChild(2, { history: 'none' })],
  ])('begins nothing where %s, and leaves the rest alone', async (_, happens) => {
    const party = await ChildParty.with();
    await happens(party);
    expect(await party.of2()).toEqual(END);
  });

  it('ends where there is no such child', async () => {
    const party = await ChildParty.with();
    expect(await party.decideChild(9)).toEqual(END);
  });
});

describe('an invocation of a child that crashed', () => {
  it.each([
    ['at-least-once', 'failed'],
    ['at-most-once', 'in-doubt'],
  ] as const)('leaves one that is executed %s %s, once, with how far it came', async (delivery, state) => {
    const party = await ChildParty.with({}, { delivery });
    const claim = await party.claimChild(2);
    await party.ledger.children('1').at(2).checkpoint(claim, 7, { done: 70 }, at(21));
    const crash = { work: WORK, error: EXIT };
    expect(await party.of2(crash)).toEqual(END);
    expect(await party.of2(crash)).toEqual(END);
    const record = await party.child(2);
    expect(record).toMatchObject({ state, cursor: 7, progress: { done: 70 }, key: 'globex' });
    expect(record.reason).toMatch(/^the runner's process ended with exit code 1/);
    expect(record.history).toHaveLength(1);
    expect((await party.ledger.record('1')).state).toBe('fanned-out');
  });

  it('is not mistaken for another one that holds the child', async () => {
    const party = await ChildParty.with();
    await party.claimChild(2, RUN, { token: 'another-request.1' });
    expect(await party.of2({ work: WORK, error: NAMED_EXIT })).toMatchObject({ action: 'wait' });
    await party.editChild(2, { owner: `${DIED}.1` });
    expect(await party.of2({ work: WORK, error: NAMED_EXIT })).toEqual(END);
    expect((await party.child(2)).state).toBe('failed');
  });

  it('and may not have ended, is waited for', async () => {
    const party = await ChildParty.with();
    await party.claimChild(2);
    expect(await party.of2({ work: WORK, error: { Error: 'States.Timeout' } })).toMatchObject({
      action: 'wait',
    });
    expect((await party.child(2)).state).toBe('running');
  });

  it('after it had recorded its end changes nothing', async () => {
    const party = await ChildParty.with();
    await party.executeChild(2, done);
    expect(await party.of2({ work: WORK, error: EXIT })).toEqual(END);
    expect((await party.child(2)).history).toHaveLength(1);
  });

  it('after it had yielded goes on', async () => {
    const party = await ChildParty.with();
    await party.executeChild(2, { state: 'interrupted', cursor: 7 });
    expect(await party.of2({ work: WORK, error: EXIT })).toMatchObject({
      action: 'run',
      work: { attempt: 1 },
    });
  });
});

describe('a child that cannot be begun', () => {
  it.each<[string, State, string, string]>([
    [
      'its runner does not load',
      { error: EXIT },
      'failed',
      "the runner does not load: the runner's process ended with exit code 1 before the task had begun",
    ],
    [
      'somebody killed its runner',
      { error: KILLED },
      'failed',
      "the runner's process was ended by SIGKILL before the task had begun",
    ],
    [
      'its file is gone',
      { report: { v: 1, runId: RUN, missing: '1' } },
      'interrupted',
      'no-file: the task is no longer in what is deployed',
    ],
    [
      'its params are refused',
      { report: { v: 1, runId: RUN, paramsRefused: [{ version: '1', message: 'days: expected a number' }] } },
      'failed',
      'its params were refused: days: expected a number',
    ],
  ])('since %s is ended, once, and keeps its place', async (_, state, expected, reason) => {
    const party = await ChildParty.with();
    await party.editChild(2, { cursor: '7', progress: { done: 70 } });
    expect(await party.of2({ work: WORK, ...state })).toEqual(END);
    expect(await party.of2({ work: WORK, ...state })).toEqual(END);
    const record = await party.child(2);
    expect(record).toMatchObject({
      state: expected,
      cursor: 7,
      progress: { done: 70 },
      attempt: 0,
      lastRun: RUN,
    });
    expect(record.reason).toBe(reason);
    expect(record.history).toHaveLength(1);
  });

  it('since Lambda refuses is called again by a deploy, and not by a person', async () => {
    const deploy = await ChildParty.with();
    expect(await deploy.of2({ work: WORK, error: REFUSED })).toMatchObject({ action: 'wait' });
    expect(await deploy.of2()).toMatchObject({ action: 'run' });
    const invoke = await ChildParty.with({ trigger: 'invoke', deadline: undefined });
    expect(await invoke.of2({ work: WORK, error: REFUSED })).toEqual(END);
    expect(await invoke.child(2)).toMatchObject({
      state: 'failed',
      reason: 'the runner could not be called: Lambda.SdkClientException',
    });
  });

  it('is left to whoever has begun it meanwhile', async () => {
    const party = await ChildParty.with();
    const overtaken = party.ledger.beforeNextWrite(() => party.claimChild(2));
    const dying = new SplittingParty(table, {}, overtaken);
    dying.now = party.now;
    expect(await dying.decideChild(2, { work: WORK, error: EXIT })).toMatchObject({ action: 'wait' });
    expect((await party.child(2)).state).toBe('running');
  });

  it('in a dry run leaves nothing but that it was to be', async () => {
    const party = await ChildParty.with({
      trigger: 'invoke',
      deadline: undefined,
      dryRun: true,
      children: [2],
    });
    await party.ledger.edit('task#1', { state: 'failed' });
    const { history: _none, ...before } = await party.child(2);
    expect(await party.of2({ work: WORK, error: EXIT })).toEqual(END);
    expect(await party.of2({ work: WORK, error: EXIT })).toEqual(END);
    const { history, lastRun, ...after } = await party.child(2);
    expect(after).toEqual(before);
    expect(history).toEqual([expect.objectContaining({ state: 'dry run: failed' })]);
  });
});
