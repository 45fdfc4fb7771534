import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunStatus } from '../../../functions/controller/requests.ts';
import type { RunRecord, TaskOutcome } from '../../../functions/ledger/index.ts';
import type { DecideMessage, Decision, Work } from '../../../functions/workflow-messages.ts';
import { at, request, TestTable, won } from '../ledger/open-ledger.ts';
import { ARN, deployed, manifestOf, OTHER_RUN, RUN, runOf, selectedTask, TestParty } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const FAR = { cursor: { id: 'u-7' }, progress: { done: 8_113, total: 12_000 } } as const;
const YIELDED = { state: 'interrupted', ...FAR } as const;
const EXIT = { Error: 'Runtime.ExitError', Cause: '{"errorMessage":"exited with error: exit status 1"}' };

/** A run of tasks 1 and 2, of which nothing has begun. */
async function running(run: Partial<RunRecord> = {}): Promise<TestParty> {
  const party = new TestParty(table, manifestOf(deployed('1'), deployed('2')));
  const selection = [selectedTask('1'), selectedTask('2')];
  await party.ledger.runs.accept(runOf(selection, { deadline: at(1_800), ...run }));
  party.now = 20;
  return party;
}

function decide(party: TestParty, state: Partial<DecideMessage['state']> = {}): Promise<Decision> {
  const message = { v: 1, request: 'decide', state: { v: 1, runId: RUN, ...state } };
  return party.send(message) as Promise<Decision>;
}

/** One invocation that the run is told to make. */
async function invocation(party: TestParty, outcome: TaskOutcome, seconds = 10): Promise<Work> {
  const decision = await decide(party);
  if (decision.action !== 'run') throw new Error(`expected a run: ${JSON.stringify(decision)}`);
  const claim = await party.claim('1', RUN, at(party.now + 60));
  party.now += seconds;
  await party.ledger.tasks.finish(claim, outcome, at(party.now));
  return decision.work;
}

const answerOf = async (party: TestParty) => (await party.ledger.runs.require(RUN)).answer;

describe('a task that yields', () => {
  it('goes on in the next invocation of its run, before all that come behind it', async () => {
    const party = await running();
    await invocation(party, YIELDED);
    await invocation(party, YIELDED);
    const decision = await decide(party, { report: { v: 1, runId: RUN } });
    expect(decision).toMatchObject({ action: 'run', work: { versions: ['1', '2'], attempt: 2 } });
  });

  it('goes on after an invocation that ended its process behind it', async () => {
    const party = await running();
    await invocation(party, YIELDED);
    const work = await invocation(party, YIELDED);
    expect(await decide(party, { work, error: EXIT })).toMatchObject({ action: 'run' });
  });

  it('ends with a runner that no longer loads, instead of calling it for ever', async () => {
    const party = await running();
    await invocation(party, YIELDED);
    const decision = await decide(party);
    if (decision.action !== 'run') throw new Error('expected a run');

    expect(await decide(party, { work: decision.work, error: EXIT })).toMatchObject({ action: 'end' });

    expect((await answerOf(party))?.text).toMatch(/^the runner does not load: /);
    expect(await party.ledger.record('1')).toMatchObject(YIELDED);
  });

  it('is named at the deadline, with how far it came', async () => {
    const party = await running();
    await invocation(party, YIELDED);
    party.now = 1_801;

    expect(await decide(party)).toMatchObject({ action: 'end' });

    const answer = await answerOf(party);
    expect(answer?.status).toBe('FAILED');
    expect(answer?.text).toContain(
      'task 1_task_1 was interrupted (attempt 1, after 30 s, at 8,113 of ~12,000): there was no time left',
    );
    expect(await party.ledger.record('1')).toMatchObject(YIELDED);
  });

  it.each([
    ['person', 'cancelled'],
    ['rollback', 'interrupted'],
  ] as const)('between two invocations, when the run is cancelled (%s), is %s', async (cause, state) => {
    const party = await running();
    await invocation(party, YIELDED);
    await party.ledger.runs.requestCancel(RUN, { cause, by: ARN, at: at(25), reason: 'too slow' });

    await decide(party);
    await decide(party);

    const record = await party.ledger.record('1');
    expect(record).toMatchObject({ state, ...FAR });
    expect(record.history.map((entry) => entry.state)).toEqual(cause === 'person' ? ['cancelled'] : []);
  });

  it('is left to whoever claimed it just before it would be cancelled', async () => {
    const party = await running({ trigger: 'invoke', deadline: undefined });
    await invocation(party, YIELDED);
    await party.ledger.runs.requestCancel(RUN, { cause: 'person', by: ARN, at: at(25) });
    const other = request({
      ...{ task: { version: '1', name: 'task_1' }, runId: OTHER_RUN, asked: true },
      ...{ now: at(31), leaseUntil: at(90) },
    });
    const overtaken = party.ledger.beforeNextWrite(() => party.ledger.tasks.claim(other));
    const late = new TestParty(table, party.ports.manifest, { ledger: overtaken });

    expect(await decide(late)).toMatchObject({ action: 'end' });

    expect(await party.ledger.record('1')).toMatchObject({ state: 'running', run: OTHER_RUN });
    expect((await party.ledger.runs.require(RUN)).state).toBe('cancelled');
  });
});

describe('a crash', () => {
  it('keeps the place of the task, from which the next deploy goes on', async () => {
    const party = await running();
    const claim = await party.claim('1', RUN, at(900));
    await party.ledger.tasks.checkpoint(claim, FAR.cursor, FAR.progress, at(15));

    await decide(party, {
      work: { v: 1, runId: RUN, versions: ['1', '2'], timeoutSeconds: 960 },
      error: EXIT,
    });

    expect(await party.ledger.record('1')).toMatchObject({ state: 'failed', ...FAR });
    const text = (await answerOf(party))?.text;
    expect(text).toContain('at 8,113 of ~12,000');
    expect(text).toContain('deploy again to go on where it stopped');
    const next = request({ task: { version: '1', name: 'task_1' }, runId: OTHER_RUN });
    expect(won(await party.ledger.tasks.claim(next))).toMatchObject(FAR);
  });

  it('in a dry run leaves the record as it was', async () => {
    const party = await running({ trigger: 'invoke', dryRun: true, deadline: undefined });
    await party.executed('1', 'succeeded');
    const asked = request({ task: { version: '1', name: 'task_1' }, runId: RUN, asked: true, now: at(12) });
    won(await party.ledger.tasks.claim(asked));

    await decide(party, {
      work: { v: 1, runId: RUN, versions: ['1', '2'], timeoutSeconds: 960 },
      error: EXIT,
    });

    const record = await party.ledger.record('1');
    expect(record).toMatchObject({ state: 'succeeded', succeededAt: at(10) });
    expect(record.history.at(-1)).toMatchObject({ state: 'dry run: failed', run: RUN });
    expect(await party.ledger.runs.require(RUN)).toMatchObject({
      state: 'failed',
      answer: {
        text: expect.stringMatching(/^the dry run of task 1_task_1 failed: the runner's process ended/),
      },
    });
  });
});

describe('a paused task', () => {
  it('is left by a deploy, which says so and goes on', async () => {
    const party = await running();
    await party.ledger.tasks.finish(await party.claim('1'), { state: 'paused', ...FAR }, at(10));

    expect(await decide(party)).toMatchObject({ action: 'run', work: { versions: ['2'] } });
    const claim = await party.claim('2', RUN);
    await party.ledger.tasks.finish(claim, { state: 'succeeded' }, at(22));
    await decide(party);

    expect(await party.ledger.runs.require(RUN)).toMatchObject({
      state: 'succeeded',
      counts: { succeeded: 1, failed: 0, notStarted: 0 },
      answer: {
        status: 'SUCCESS',
        text: expect.stringMatching(/^1 of 2 ran: task_2 \(22 s\); task_1 is paused at 67 %\. Details: /),
      },
    });
  });

  it('while it is executed by this run does not stop what comes behind it', async () => {
    const party = await running();
    await invocation(party, { state: 'paused', by: ARN, reason: 'peak hours', ...FAR });
    expect(await decide(party)).toMatchObject({ action: 'run', work: { versions: ['2'] } });
  });
});

describe('a run with a limit', () => {
  it('has done what was asked once a task reached it', async () => {
    const party = await running({ trigger: 'invoke', limit: 100, deadline: undefined });
    const limited = { ...YIELDED, reason: 'limit of 100 items reached' };
    await invocation(party, limited);
    const claim = await party.claim('2', RUN);
    await party.ledger.tasks.finish(claim, { state: 'succeeded', progress: { done: 1 } }, at(40));

    await decide(party);

    const run = await party.ask<RunStatus>({ request: 'show-run', runId: RUN });
    expect(run).toMatchObject({
      state: 'succeeded',
      outcome: '1 of 2 ran: task_2 (1 item, 40 s); task_1 stopped at 67 %: limit of 100 items reached',
    });
  });
});

describe('a dry run', () => {
  it('is done once the task has said what it would do', async () => {
    const party = await running({ trigger: 'invoke', dryRun: true, deadline: undefined });
    for (const version of ['1', '2']) {
      const task = { version, name: `task_${version}` };
      const claim = won(await party.ledger.tasks.claim(request({ task, runId: RUN, asked: true })));
      await party.ledger.tasks.finishDryRun(claim, { state: 'succeeded', result: '7 items' }, at(15));
    }

    expect(await decide(party)).toMatchObject({ action: 'end' });

    expect(await party.ledger.runs.require(RUN)).toMatchObject({
      state: 'succeeded',
      counts: { succeeded: 2, failed: 0, notStarted: 0 },
      answer: {
        text: 'dry run, of which nothing is kept but that it was: task_1 (7 items), task_2 (7 items)',
      },
    });
  });
});
