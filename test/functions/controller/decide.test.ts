import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControllerPorts } from '../../../functions/controller/ports.ts';
import type { RunRecord } from '../../../functions/ledger/index.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import type { DecideMessage, Decision, Thread, Work } from '../../../functions/workflow-messages.ts';
import { at, request, TestTable, won } from '../ledger/open-ledger.ts';
import {
  ARN,
  config,
  deployed,
  manifestOf,
  OTHER_RUN,
  RUN,
  runOf,
  selectedTask,
  TestParty,
} from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

type State = DecideMessage['state'];

class DecidingParty extends TestParty {
  static async deploying(
    tasks: ManifestTask[],
    ports: Partial<ControllerPorts> = {},
  ): Promise<DecidingParty> {
    const party = new DecidingParty(table, manifestOf(...tasks), ports);
    await party.ledger.runs.accept({
      ...runOf([], { state: 'accepted', deadline: at(1_800), requestType: 'Update', deployId: 'd1' }),
      selection: undefined,
    });
    party.now = 0;
    return party;
  }

  static async running(tasks: ManifestTask[], fields: Partial<RunRecord> = {}): Promise<DecidingParty> {
    const party = new DecidingParty(table, manifestOf(...tasks));
    const selection = tasks.map(({ version, delivery }) => selectedTask(version, { delivery }));
    await party.ledger.runs.accept(runOf(selection, { deadline: at(1_800), ...fields }));
    party.now = 10;
    return party;
  }

  /** What is decided; the count of steps has tests of its own. */
  async decide(state: Partial<State> = {}): Promise<Decision> {
    const message = { v: 1, request: 'decide', state: { v: 1, runId: RUN, ...state } };
    const { steps, ...decision } = (await this.send(message)) as Decision & Thread;
    return decision;
  }

  run(runId = RUN): Promise<RunRecord> {
    return this.ledger.runs.require(runId);
  }
}

function workOf(...versions: string[]): Work {
  return { v: 1, runId: RUN, versions, timeoutSeconds: 960 };
}

const EXIT = { Error: 'Runtime.ExitError', Cause: '{"errorMessage":"exited with error: exit status 1"}' };
const END = { v: 1, runId: RUN, action: 'end' };

describe('the first Decide of a deploy', () => {
  it('pins what the run executes, and runs it', async () => {
    const party = await DecidingParty.deploying([deployed('2'), deployed('1')]);
    const decision = {
      v: 1,
      runId: RUN,
      action: 'run',
      work: { v: 1, runId: RUN, versions: ['1', '2'], attempt: 0, timeoutSeconds: 960, deadline: at(1_800) },
    };
    expect(await party.decide()).toEqual(decision);
    expect(await party.decide()).toEqual(decision);
    expect(await party.run()).toMatchObject({ state: 'running', sparesStack: false });
    expect(await party.ledger.party.get()).toMatchObject({
      newEnvironment: false,
      lastDeploy: { deployId: 'd1' },
    });
  });

  it('keeps to what is pinned, whatever is deployed meanwhile', async () => {
    const party = await DecidingParty.deploying([deployed('1')]);
    await party.decide();
    const later = new TestParty(table, manifestOf(deployed('0'), deployed('1')), { ledger: party.ledger });
    expect(await later.send({ v: 1, request: 'decide', state: { v: 1, runId: RUN } })).toMatchObject({
      work: { versions: ['1'] },
    });
  });

  it('waits for the runner no longer than the deadline and its grace', async () => {
    const party = await DecidingParty.deploying([deployed('1')]);
    party.now = 1_700;
    expect(await party.decide()).toMatchObject({ work: { timeoutSeconds: 115 } });
  });

  it('asks again while CloudFormation does not say what it does, until the deadline', async () => {
    const stacks = { describe: async () => Promise.reject(new Error('Rate exceeded')) };
    const party = await DecidingParty.deploying([deployed('1')], { stacks });
    expect(await party.decide()).toEqual({ v: 1, runId: RUN, action: 'wait', seconds: 3 });
    expect((await party.run()).state).toBe('accepted');
    party.now = 1_800;
    expect(await party.decide()).toEqual(END);
    expect((await party.run()).answer).toEqual({
      status: 'FAILED',
      text: 'CloudFormation did not say what the stack is doing',
    });
  });

  it.each([
    ['UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS'],
    ['UPDATE_COMPLETE', 'UPDATE_ROLLBACK_IN_PROGRESS'],
    ['DELETE_IN_PROGRESS', 'DELETE_IN_PROGRESS'],
  ])(
    'starts nothing while the stack is %s and its root %s, and stops other deploys',
    async (status, rootStatus) => {
      const stacks = { describe: async () => ({ status, rootStatus }) };
      const party = await DecidingParty.deploying([deployed('1')], { stacks });
      const byHand = 'c'.repeat(32);
      await party.ledger.runs.accept({ ...runOf([]), runId: OTHER_RUN, state: 'accepted' });
      await party.ledger.runs.accept({ ...runOf([]), runId: byHand, trigger: 'invoke' });
      expect(await party.decide()).toEqual(END);
      expect((await party.run()).answer?.status).toBe('SUCCESS');
      expect((await party.run()).request).toBeUndefined();
      expect((await party.run(OTHER_RUN)).request).toMatchObject({ cause: 'rollback' });
      expect((await party.run(byHand)).request).toBeUndefined();
    },
  );

  it('goes on in a rollback, however damaged the other records are', async () => {
    const stack = { status: 'UPDATE_ROLLBACK_IN_PROGRESS', rootStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' };
    const party = await DecidingParty.deploying([deployed('1')], { stacks: { describe: async () => stack } });
    await party.ledger.edit('party', { createdAt: 'yesterday' });
    await party.ledger.edit(
      OTHER_RUN,
      { state: 'running', trigger: 'deploy', by: 7 },
      `${party.ledger.id}#runs`,
    );
    expect(await party.decide()).toEqual(END);
    expect((await party.run()).answer?.status).toBe('SUCCESS');
  });

  it.each([
    ['party', { createdAt: 'yesterday' }],
    ['task#1', { attempt: 'many' }],
  ])('fails the deploy by name where the item %s is damaged', async (item, damage) => {
    const party = await DecidingParty.deploying([deployed('1')]);
    await party.ledger.edit(item, damage);
    expect(await party.decide()).toEqual(END);
    expect((await party.run()).answer).toMatchObject({
      status: 'FAILED',
      text: expect.stringContaining(`sk "${item}" is damaged`),
    });
  });

  it('records the baseline of a new environment, once', async () => {
    const stack = { status: 'CREATE_IN_PROGRESS', rootStatus: 'CREATE_IN_PROGRESS' };
    const tasks = [deployed('1'), deployed('2', { newEnvironment: 'run' })];
    const ports = {
      stacks: { describe: async () => stack },
      config: { ...config, newEnvironment: 'baseline' as const },
    };
    const party = await DecidingParty.deploying(tasks, ports);
    expect(await party.decide()).toMatchObject({ work: { versions: ['2'] } });
    expect(await party.ledger.party.get()).toMatchObject({ newEnvironment: true, baselined: new Set(['1']) });
  });

  it.each([
    ['Create', true, 'UPDATE_IN_PROGRESS', true],
    ['Create', true, 'CREATE_IN_PROGRESS', false],
    ['Create', false, 'UPDATE_IN_PROGRESS', false],
    ['Update', true, 'UPDATE_IN_PROGRESS', false],
  ] as const)(
    'spares the stack on %s with its own ledger (%s) in a stack that is %s: %s',
    async (requestType, ownsLedger, status, spares) => {
      const stacks = { describe: async () => ({ status, rootStatus: status }) };
      const ports = { stacks, config: { ...config, ownsLedger } };
      const party = new DecidingParty(table, manifestOf(deployed('1')), ports);
      await party.ledger.runs.accept({ ...runOf([]), state: 'accepted', requestType });
      await party.decide();
      expect((await party.run()).sparesStack).toBe(spares);
    },
  );
});

describe('what the runner reports', () => {
  it('a task that the bundle does not hold ends the run', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    expect(await party.decide({ work: workOf('1'), report: { v: 1, runId: RUN, missing: '1' } })).toEqual(
      END,
    );
    expect((await party.run()).answer?.text).toBe(
      'task 1_task_1 is not in the deployed bundle; deploy again',
    );
  });

  it('params that were refused end the run, each by name', async () => {
    const party = await DecidingParty.running([deployed('1'), deployed('2')], { trigger: 'invoke' });
    const paramsRefused = [
      { version: '2', message: 'tenant: is missing' },
      { version: '1', message: 'token: is not valid' },
    ];
    expect(
      await party.decide({ work: workOf('1', '2'), report: { v: 1, runId: RUN, paramsRefused } }),
    ).toEqual(END);
    expect((await party.run()).answer?.text).toBe(
      'the params of task 1_task_1 were refused: token: is not valid; the params of task 2_task_2 were refused: tenant: is missing',
    );
  });

  it('its success ends the run', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    await party.executed('1', 'succeeded', RUN);
    expect(await party.decide({ work: workOf('1'), report: { v: 1, runId: RUN } })).toEqual(END);
    expect(await party.run()).toMatchObject({ state: 'succeeded', counts: { succeeded: 1 } });
  });
});

describe('a runner that crashed', () => {
  it.each([
    ['at-least-once', 'failed'],
    ['at-most-once', 'in-doubt'],
  ] as const)('leaves an %s task %s, and stops the run', async (delivery, state) => {
    const party = await DecidingParty.running([deployed('1', { delivery }), deployed('2')]);
    await party.claim('1', RUN);
    expect(await party.decide({ work: workOf('1', '2'), error: EXIT })).toEqual(END);
    expect(await party.ledger.record('1')).toMatchObject({
      state,
      reason: "the runner's process ended with exit code 1 while the task was being executed",
    });
    expect((await party.run()).answer).toMatchObject({ status: 'FAILED' });
    expect(await party.ledger.tasks.get('2')).toBeUndefined();
  });

  it('is told of twice with one outcome', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    await party.claim('1', RUN);
    const crash = { work: workOf('1'), error: EXIT };
    expect(await Promise.all([party.decide(crash), party.decide(crash)])).toEqual([END, END]);
    expect((await party.ledger.record('1')).history).toHaveLength(1);
  });

  it('does not take along what another call of the same step executes', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    const token = '11111111-2222-4333-8444-555555555555.1f3b';
    won(await party.ledger.tasks.claim(request({ task: selectedTask('1'), runId: RUN, token })));
    const died = 'RequestId: 99999999-2222-4333-8444-555555555555 Error: exited';
    const error = { Error: 'Runtime.ExitError', Cause: JSON.stringify({ errorMessage: died }) };
    expect(await party.decide({ work: workOf('1'), error })).toMatchObject({ action: 'wait' });
    expect((await party.ledger.record('1')).state).toBe('running');
  });

  it('before it claimed anything is no word against the runner where whoever drove the run ended', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    const error = { Error: 'Driver.Ended', Cause: '{"errorMessage":"the process that drove the run ended"}' };
    expect(await party.decide({ work: workOf('1'), error })).toMatchObject({
      action: 'run',
      work: workOf('1'),
    });
  });

  it('before it claimed anything fails the run', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    const error = { Error: 'Runtime.ImportModuleError', Cause: '{"errorMessage":"no such module"}' };
    expect(await party.decide({ work: workOf('1'), error })).toEqual(END);
    expect((await party.run()).answer).toEqual({
      status: 'FAILED',
      text: 'the runner does not load: the runner crashed: Runtime.ImportModuleError: no such module',
    });
  });

  it('before it claimed anything is no word against the runner where somebody killed it', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    const Cause = '{"errorMessage":"Runtime exited with error: signal: SIGKILL"}';
    expect(await party.decide({ work: workOf('1'), error: { Error: 'Runtime.ExitError', Cause } })).toEqual(
      END,
    );
    expect((await party.run()).answer).toEqual({
      status: 'FAILED',
      text: "the runner's process was ended by SIGKILL before the task had begun",
    });
  });
});

describe('a call that may have been lost', () => {
  const TIMEOUT = { Error: 'States.Timeout' };

  it('waits for the lease, then settles', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    await party.claim('1', RUN);
    expect(await party.decide({ work: workOf('1'), error: TIMEOUT })).toEqual({
      ...END,
      action: 'wait',
      seconds: 10,
    });
    party.now = 61;
    expect(await party.decide()).toEqual(END);
    expect(await party.ledger.record('1')).toMatchObject({
      state: 'failed',
      reason: 'its invocation ended without a word',
    });
  });

  it.each(['Lambda.TooManyRequestsException', 'Lambda.ServiceException', 'States.Timeout'])(
    'and claimed nothing is made again in a deploy, but not at once: %s',
    async (name) => {
      const party = await DecidingParty.running([deployed('1')]);
      expect(await party.decide({ work: workOf('1'), error: { Error: name } })).toEqual({
        ...END,
        action: 'wait',
        seconds: 10,
      });
      expect(await party.decide()).toMatchObject({ action: 'run' });
    },
  );

  it('and claimed nothing ends what a person started', async () => {
    const party = await DecidingParty.running([deployed('1')], { trigger: 'run', deadline: undefined });
    const error = { Error: 'Lambda.TooManyRequestsException' };
    expect(await party.decide({ work: workOf('1'), error })).toEqual(END);
    expect((await party.run()).answer?.text).toBe(
      'the runner could not be called: Lambda.TooManyRequestsException',
    );
  });
});

describe('the deadline', () => {
  it('ends a deploy whose task goes on, and stays until it is surely over', async () => {
    const party = await DecidingParty.running([deployed('1')], { deadline: at(30) });
    await party.claim('1', RUN);
    party.now = 31;
    expect(await party.decide({ work: workOf('1'), error: { Error: 'States.Timeout' } })).toMatchObject({
      action: 'wait',
    });
    expect((await party.run()).answer).toMatchObject({
      status: 'FAILED',
      text: expect.stringContaining('task 1_task_1 (attempt 1) was still being executed'),
    });
    expect((await party.ledger.record('1')).state).toBe('running');
    party.now = 61;
    expect(await party.decide()).toEqual(END);
    expect(await party.ledger.record('1')).toMatchObject({ state: 'failed', reason: 'deploy timeout' });
  });

  it('ends a deploy that waits for another run', async () => {
    const party = await DecidingParty.running([deployed('1')], { deadline: at(30) });
    await party.claim('1', OTHER_RUN);
    party.now = 28;
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 2 });
    party.now = 30;
    expect(await party.decide()).toEqual(END);
    expect((await party.run()).answer?.text).toContain('was still being executed by another run');
    expect((await party.ledger.record('1')).state).toBe('running');
  });

  it('begins nothing', async () => {
    const party = await DecidingParty.running([deployed('1')], { deadline: at(10) });
    expect(await party.decide()).toEqual(END);
    expect((await party.run()).answer?.text).toContain('could not be started within the deployTimeout');
  });
});

describe('a run', () => {
  it('that nobody knows is an error', async () => {
    const party = new DecidingParty(table, manifestOf());
    await expect(party.decide()).rejects.toThrow(`there is no run ${RUN}`);
  });

  it('that was cancelled starts nothing', async () => {
    const party = await DecidingParty.running([deployed('1')]);
    await party.ledger.runs.requestCancel(RUN, { cause: 'person', by: ARN, at: at(1) });
    expect(await party.decide()).toEqual(END);
    expect(await party.run()).toMatchObject({ state: 'cancelled', counts: { notStarted: 1 } });
  });

  it('that has ended stays ended', async () => {
    const party = await DecidingParty.running([deployed('1')], { state: 'failed' });
    expect(await party.decide({ work: workOf('1'), error: EXIT })).toEqual(END);
    expect(await party.run()).toMatchObject({ state: 'failed' });
  });

  it('forgets its secret params when it ends', async () => {
    const secret = { params: { tenant: 'acme', token: 's3cr3t' }, secretParams: ['token'] };
    const party = await DecidingParty.running([deployed('1')], { trigger: 'invoke', ...secret });
    await party.executed('1', 'succeeded', RUN);
    await party.decide();
    expect((await party.run()).params).toEqual({ tenant: 'acme' });
  });
});
