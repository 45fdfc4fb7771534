import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backgroundRunId } from '../../../functions/controller/background.ts';
import type { ControllerPorts, StackStatus } from '../../../functions/controller/ports.ts';
import type { RunStatus } from '../../../functions/controller/requests.ts';
import { Ledger, LedgerTable, type RunRecord, type Written } from '../../../functions/ledger/index.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import type { DecideMessage, Decision, Work } from '../../../functions/workflow-messages.ts';
import { startLoopbackServer } from '../../loopback-server.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
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

const MAIL = deployed('1', { name: 'mail', background: true });
const BACKFILL = deployed('2', { name: 'backfill', background: true });
const MAIL_RUN = backgroundRunId(RUN, '1');
const BACKFILL_RUN = backgroundRunId(RUN, '2');
const END = { action: 'end' };
const BACKFILL_WORK: Work = { v: 1, runId: BACKFILL_RUN, versions: ['2'], timeoutSeconds: 960 };

/** A deploy of background tasks whose stack is scripted. */
class CommittingParty extends TestParty {
  stack: StackStatus | Error = status('UPDATE_IN_PROGRESS');
  readonly running = new Set<string>();

  static async deploying(
    tasks: ManifestTask[],
    ports: Partial<ControllerPorts> = {},
  ): Promise<CommittingParty> {
    const party = new CommittingParty(table, manifestOf(...tasks), {
      stacks: {
        describe: async () => {
          if (party.stack instanceof Error) throw party.stack;
          return party.stack;
        },
      },
      workflow: {
        start: async (runId) => {
          party.started.push(runId);
          party.running.add(runId);
          return 'started';
        },
        isRunning: async (runId) => party.running.has(runId),
      },
      ...ports,
    });
    await party.accept(RUN);
    return party;
  }

  /** A deploy that was answered, and waits for its commit. */
  static async waiting(tasks: ManifestTask[] = [MAIL, BACKFILL]): Promise<CommittingParty> {
    const party = await CommittingParty.deploying(tasks);
    await party.decide();
    return party;
  }

  accept(runId: string): Promise<void> {
    const fields = { runId, state: 'accepted', requestType: 'Update', deployId: 'd1' } as const;
    return this.ledger.runs.accept({
      ...runOf([], { ...fields, deadline: at(1_800) }),
      selection: undefined,
    });
  }

  decide(runId = RUN, state: Partial<State> = {}): Promise<Decision> {
    return this.send({ v: 1, request: 'decide', state: { v: 1, runId, ...state } }) as Promise<Decision>;
  }

  run(runId = RUN): Promise<RunRecord> {
    return this.ledger.runs.require(runId);
  }

  /** Has a run execute a slice of a task, which is interrupted then. */
  async slice(version: string, runId: string): Promise<void> {
    const claim = await this.claim(version, runId);
    const progress = { done: 43, total: 100 };
    await this.ledger.tasks.finish(claim, { state: 'interrupted', cursor: 43, progress }, at(50));
  }
}

function status(rootStatus: string, own = rootStatus): StackStatus {
  return { status: own, rootStatus };
}

describe('a deploy with background tasks', () => {
  it('is answered before it has committed, and says what will start', async () => {
    const party = await CommittingParty.waiting();
    expect(await party.run()).toMatchObject({
      state: 'succeeded',
      commit: 'awaited',
      answer: { status: 'SUCCESS', text: 'no pending tasks to run. Background: 2 start after the commit' },
    });
    expect(party.started).toEqual([]);
  });

  it.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'])(
    'starts each in a run of its own once the root is %s',
    async (committed) => {
      const party = await CommittingParty.waiting();
      expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 5 });
      party.stack = status(committed, 'UPDATE_IN_PROGRESS');
      expect(await party.decide()).toMatchObject(END);
      expect(party.started).toEqual([MAIL_RUN, BACKFILL_RUN]);
      expect(await party.run()).toMatchObject({ commit: 'started' });
      expect(await party.run(BACKFILL_RUN)).toMatchObject({
        trigger: 'deploy',
        parent: RUN,
        deployId: 'd1',
        state: 'running',
        selection: [{ name: 'backfill' }],
      });
      expect(await party.ask<RunStatus>({ request: 'show-run', runId: RUN })).toMatchObject({
        background: [MAIL_RUN, BACKFILL_RUN],
      });
      const decision = await party.decide(BACKFILL_RUN);
      expect(decision).toMatchObject({ action: 'run', work: { runId: BACKFILL_RUN, versions: ['2'] } });
      expect(decision).not.toHaveProperty('work.deadline');
    },
  );

  it.each([
    'UPDATE_ROLLBACK_IN_PROGRESS',
    'UPDATE_ROLLBACK_COMPLETE',
    'UPDATE_ROLLBACK_FAILED',
    'ROLLBACK_COMPLETE',
    'CREATE_FAILED',
    'UPDATE_FAILED',
    'DELETE_IN_PROGRESS',
    'DELETE_COMPLETE',
  ])('starts nothing once the root is %s, however well its own stack is', async (rootStatus) => {
    const party = await CommittingParty.waiting();
    party.stack = status(rootStatus, 'UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    party.stack = status('UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    expect(party.started).toEqual([]);
    expect((await party.run()).commit).toBe('given-up');
  });

  it('asks again while CloudFormation throttles, ever less often, but not for ever', async () => {
    const party = await CommittingParty.waiting();
    party.stack = new Error('Rate exceeded');
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 5 });
    party.now += 60;
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 15 });
    party.now += 3_600;
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 30 });
    party.now += 86_400;
    expect(await party.decide()).toMatchObject(END);
    expect((await party.run()).commit).toBe('given-up');
  });

  it('waits as long as the stack takes, however long that is', async () => {
    const party = await CommittingParty.waiting();
    party.now += 200_000;
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 30 });
  });

  it('leaves them to a later deploy that has begun, also if that one has committed', async () => {
    const party = await CommittingParty.waiting();
    await party.accept(OTHER_RUN);
    await party.decide(OTHER_RUN);
    expect((await party.run(OTHER_RUN)).background).toMatchObject([{ name: 'mail' }, { name: 'backfill' }]);
    party.stack = status('UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    expect(party.started).toEqual([]);
    await party.decide(OTHER_RUN);
    expect(party.started).toEqual([backgroundRunId(OTHER_RUN, '1'), backgroundRunId(OTHER_RUN, '2')]);
  });

  it('that failed starts none', async () => {
    const party = await CommittingParty.deploying([deployed('0'), MAIL]);
    await party.decide();
    await party.executed('0', 'failed', RUN);
    expect(await party.decide()).toMatchObject(END);
    expect(await party.run()).toMatchObject({
      state: 'failed',
      commit: 'given-up',
      answer: { status: 'FAILED' },
    });
    expect((await party.run()).answer?.text).not.toContain('Background');
  });

  it('whose failure spared the stack starts none, though the stack commits', async () => {
    const party = await CommittingParty.deploying([deployed('0'), MAIL]);
    await party.ledger.edit(RUN, { requestType: 'Create' }, `${party.ledger.id}#runs`);
    await party.decide();
    await party.executed('0', 'failed', RUN);
    expect(await party.decide()).toMatchObject(END);
    expect(await party.run()).toMatchObject({ commit: 'given-up', answer: { status: 'SUCCESS' } });
  });

  it('whose failures are tolerated starts them', async () => {
    const party = await CommittingParty.deploying([deployed('0', { onFailure: 'continue' }), MAIL]);
    await party.decide();
    await party.executed('0', 'failed', RUN);
    party.stack = status('UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    expect((await party.run()).answer?.text).toContain('Background: 1 starts after the commit');
    expect(party.started).toEqual([MAIL_RUN]);
  });

  it('says what it leaves alone', async () => {
    const tasks = ['mail', 'backfill', 'sync'].map((name, index) =>
      deployed(String(index + 1), { name, background: true }),
    );
    const party = await CommittingParty.deploying(tasks);
    await party.executed('1', 'in-doubt');
    const claim = await party.claim('2');
    await party.ledger.tasks.checkpoint(claim, 43, { done: 43, total: 100 }, at(1));
    await party.decide();
    expect((await party.run()).answer?.text).toBe(
      'no pending tasks to run. Background: 1 starts after the commit, mail is in doubt, backfill is still running, 43 %',
    );
  });
});

describe('while a deploy waits for its commit', () => {
  it.each([
    ['a rollback', 'UPDATE_ROLLBACK_IN_PROGRESS', 'rollback'],
    ['a person', 'UPDATE_IN_PROGRESS', 'person'],
  ] as const)('%s keeps it from starting anything', async (_, rootStatus, cause) => {
    const party = await CommittingParty.waiting();
    if (cause === 'person') await party.ask({ request: 'cancel', runId: RUN, by: ARN });
    else {
      await party.accept(OTHER_RUN);
      party.stack = status(rootStatus);
      await party.decide(OTHER_RUN);
    }
    expect((await party.run()).request).toMatchObject({ cause });
    party.stack = status('UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    expect(party.started).toEqual([]);
    expect((await party.run()).commit).toBe('given-up');
  });

  it('a later rollback leaves alone what it has started', async () => {
    const party = await CommittingParty.waiting();
    party.stack = status('UPDATE_COMPLETE');
    await party.decide();
    await party.accept(OTHER_RUN);
    party.stack = status('UPDATE_ROLLBACK_IN_PROGRESS');
    await party.decide(OTHER_RUN);
    expect((await party.run(BACKFILL_RUN)).request).toBeUndefined();
    expect((await party.run(MAIL_RUN)).request).toBeUndefined();
  });

  it('a Delete cancels the run and what it has started', async () => {
    const party = await CommittingParty.waiting();
    party.stack = status('UPDATE_COMPLETE');
    await party.decide();
    await deleted(party);
    expect((await party.run(MAIL_RUN)).request).toMatchObject({ cause: 'delete' });
    expect(await party.decide(MAIL_RUN)).toMatchObject(END);
    expect((await party.run(MAIL_RUN)).state).toBe('cancelled');
  });

  it('a Delete between the commit and any of its writes lets nothing go on', async () => {
    // One more write each time, until the whole start comes before the Delete.
    for (let before = 1; before < 9; before++) {
      const party = await CommittingParty.waiting();
      party.stack = status('UPDATE_COMPLETE');
      let writes = 0;
      const ledger = interrupted(party, async () => {
        writes += 1;
        if (writes === before) await deleted(party);
      });
      const overtaken = new TestParty(table, party.ports.manifest, { ...party.ports, ledger });
      await overtaken.send({ v: 1, request: 'decide', state: { v: 1, runId: RUN } });
      if (writes < before) await deleted(party);
      for (const runId of party.started) {
        expect((await party.run(runId)).request, `${before} writes before the Delete`).toBeDefined();
        expect(await party.decide(runId)).toMatchObject(END);
      }
      for (const runId of [RUN, MAIL_RUN, BACKFILL_RUN]) {
        const run = await party.ledger.runs.get(runId);
        expect(run?.state, `${runId} with ${before} writes before the Delete`).not.toBe('running');
      }
    }
  });

  it('a Delete that has looked for runs before they were recorded looks again', async () => {
    const party = await CommittingParty.waiting();
    party.stack = status('UPDATE_COMPLETE');
    let isStarted = false;
    const ledger = interrupted(party, async () => {
      if (isStarted) return;
      isStarted = true;
      await party.decide();
    });
    await deleted(party, ledger);
    for (const runId of [MAIL_RUN, BACKFILL_RUN]) {
      expect((await party.run(runId)).request).toMatchObject({ cause: 'delete' });
    }
  });
});

describe('starting background tasks', () => {
  it('comes to the same after a crash at any write and any start', async () => {
    let crashes = 0;
    for (let steps = 1; ; steps++) {
      const party = await CommittingParty.waiting();
      party.stack = status('UPDATE_COMPLETE');
      let left = steps;
      const step = (): void => {
        left -= 1;
        if (left === 0) throw new Error('crashed');
      };
      const ledger = interrupted(party, async () => step());
      const { workflow } = party.ports;
      const dying = new TestParty(table, party.ports.manifest, {
        ...party.ports,
        ledger,
        workflow: { ...workflow, start: async (runId) => workflow.start(runId).finally(step) },
      });
      const state = { v: 1, runId: RUN };
      await dying.send({ v: 1, request: 'decide', state }).catch(() => {
        crashes += 1;
      });
      expect(await party.decide()).toMatchObject(END);
      expect(new Set(party.started)).toEqual(new Set([MAIL_RUN, BACKFILL_RUN]));
      expect((await party.run()).commit).toBe('started');
      if (left > 0) break;
    }
    // Two records of the commit, two runs recorded and two started.
    expect(crashes).toBe(6);
  });
});

describe('the run of a background task', () => {
  async function started(tasks: ManifestTask[] = [BACKFILL]): Promise<CommittingParty> {
    const party = await CommittingParty.waiting(tasks);
    party.stack = status('UPDATE_COMPLETE');
    await party.decide();
    return party;
  }

  it('that another run is executing ends at once, and says how far that is', async () => {
    const party = await started();
    const claim = await party.claim('2', OTHER_RUN, at(500));
    await party.ledger.tasks.checkpoint(claim, 43, { done: 43, total: 100 }, at(1));
    expect(await party.decide(BACKFILL_RUN)).toMatchObject(END);
    expect(await party.run(BACKFILL_RUN)).toMatchObject({
      state: 'held',
      answer: { text: `task 2_backfill is still running, 43 %, in run ${OTHER_RUN}` },
    });
  });

  it.each([
    ['goes on with is left to it', true, { action: 'end' }],
    ['has left is taken up', false, { action: 'run' }],
  ])('that another run %s between two slices', async (_, isRunning, decision) => {
    const party = await started();
    await party.ledger.runs.accept(runOf([selectedTask('2')], { runId: OTHER_RUN, parent: 'c'.repeat(32) }));
    await party.slice('2', OTHER_RUN);
    if (isRunning) party.running.add(OTHER_RUN);
    expect(await party.decide(BACKFILL_RUN)).toMatchObject(decision);
  });

  it('that has ended is not held, whatever its execution still does', async () => {
    const party = await started();
    const other = runOf([selectedTask('2')], { runId: OTHER_RUN, state: 'cancelled' });
    await party.ledger.runs.accept(other);
    await party.slice('2', OTHER_RUN);
    party.running.add(OTHER_RUN);
    expect(await party.decide(BACKFILL_RUN)).toMatchObject({ action: 'run' });
  });

  it('that is paused is left so, and it says so', async () => {
    const party = await started();
    const claim = await party.claim('2', OTHER_RUN);
    await party.ledger.tasks.finish(claim, { state: 'paused', cursor: 43 }, at(50));
    expect(await party.decide(BACKFILL_RUN)).toMatchObject(END);
    const { state, answer } = await party.run(BACKFILL_RUN);
    expect([state, answer?.text]).toEqual(['succeeded', expect.stringContaining('backfill is paused')]);
  });

  describe('that is after another', () => {
    const LAST = deployed('3', { name: 'last', background: true, after: ['backfill'] });
    const LAST_RUN = backgroundRunId(RUN, '3');

    it.each<[string, (party: CommittingParty) => Promise<unknown>]>([
      ['is about to begin', async () => undefined],
      ['is being executed', (party) => party.claim('2', BACKFILL_RUN)],
      ['is between two slices', (party) => party.slice('2', BACKFILL_RUN)],
      ['is executed by an earlier run', (party) => party.claim('2', OTHER_RUN, at(500))],
    ])('waits while that one %s', async (_, happens) => {
      const party = await started([BACKFILL, LAST]);
      await happens(party);
      expect(await party.decide(LAST_RUN)).toMatchObject({ action: 'wait', seconds: 30 });
    });

    it.each<[string, (party: CommittingParty) => Promise<unknown>]>([
      ['failed', (party) => party.executed('2', 'failed', BACKFILL_RUN)],
      ['in-doubt', (party) => party.executed('2', 'in-doubt', BACKFILL_RUN)],
      ['interrupted', (party) => party.slice('2', OTHER_RUN)],
      ['pending', async () => undefined],
    ])('ends once no run sees to that one: %s', async (state, happens) => {
      const party = await started([BACKFILL, LAST]);
      await happens(party);
      party.running.delete(BACKFILL_RUN);
      expect(await party.decide(LAST_RUN)).toMatchObject(END);
      expect(await party.run(LAST_RUN)).toMatchObject({
        state: 'failed',
        answer: {
          text: expect.stringMatching(
            `^task 3_last must run after 2_backfill \\(${state}\\), which has not succeeded\\. `,
          ),
        },
      });
    });

    it('runs after that one', async () => {
      const party = await started([BACKFILL, LAST]);
      await party.executed('2', 'succeeded', BACKFILL_RUN);
      expect(await party.decide(LAST_RUN)).toMatchObject({ action: 'run', work: { versions: ['3'] } });
    });
  });

  it('goes on with what it interrupted itself', async () => {
    const party = await started();
    await party.slice('2', BACKFILL_RUN);
    expect(await party.decide(BACKFILL_RUN)).toMatchObject({ action: 'run' });
  });

  it('leaves what is in doubt, and says so', async () => {
    const party = await started();
    await party.executed('2', 'in-doubt');
    expect(await party.decide(BACKFILL_RUN)).toMatchObject(END);
    const { state, answer } = await party.run(BACKFILL_RUN);
    expect([state, answer?.text]).toEqual(['failed', expect.stringContaining('task 2_backfill is in doubt')]);
  });

  it('ends where its file is gone, and leaves the task with its cursor', async () => {
    const party = await started();
    await party.slice('2', BACKFILL_RUN);
    const report = { v: 1, runId: BACKFILL_RUN, missing: '2' } as const;
    expect(await party.decide(BACKFILL_RUN, { work: BACKFILL_WORK, report })).toMatchObject(END);
    expect(await party.ledger.record('2')).toMatchObject({
      state: 'interrupted',
      cursor: 43,
      reason: 'no-file: the task is no longer in what is deployed',
    });
    expect(await party.run(BACKFILL_RUN)).toMatchObject({
      state: 'failed',
      answer: { text: 'task 2_backfill is interrupted, and its file is no longer in what is deployed' },
    });
  });

  it('is called again where the service refuses the first call, for an hour', async () => {
    const party = await started();
    const error = { Error: 'Lambda.TooManyRequestsException' };
    expect(await party.decide(BACKFILL_RUN, { work: BACKFILL_WORK, error })).toMatchObject({
      action: 'wait',
    });
    party.now += 3_601;
    expect(await party.decide(BACKFILL_RUN, { work: BACKFILL_WORK, error })).toMatchObject(END);
    expect((await party.run(BACKFILL_RUN)).answer?.text).toContain('could not be called');
  });

  it('is not run by hand meanwhile: `invoke` is refused, `run` leaves it out', async () => {
    const party = await started([MAIL, BACKFILL]);
    await party.slice('2', BACKFILL_RUN);
    party.running.add(BACKFILL_RUN);
    const byHand = { by: ARN, confirmed: true, names: ['backfill'] };
    expect(await party.refusal({ request: 'invoke', runId: OTHER_RUN, ...byHand })).toMatchObject({
      code: 'held',
    });
    const run = await party.ask<RunStatus>({ request: 'run', runId: OTHER_RUN, by: ARN });
    expect(run.tasks.map(({ name }) => name)).toEqual(['mail']);
    await expect(party.claim('2', OTHER_RUN)).resolves.toBeDefined();
  });
});

/** CloudFormation deletes the stack. */
async function deleted(party: CommittingParty, ledger: Ledger = party.ledger): Promise<void> {
  const server = await startLoopbackServer(() => 200);
  const event = {
    RequestType: 'Delete',
    ResponseURL: `${server.url}/answer`,
    StackId: config.stackId,
    RequestId: 'delete',
    LogicalResourceId: 'TasksRun',
    ResourceType: 'Custom::AfterParty',
    PhysicalResourceId: 'Shop-prod-TasksController',
    ResourceProperties: {},
  };
  const emulated = { ...party.ports, ledger, config: { ...config, endpointUrl: server.url } };
  await new TestParty(table, party.ports.manifest, emulated).send(event);
  await server.stop();
}

/** The party's ledger, where something happens before each write. */
function interrupted(party: TestParty, happens: () => Promise<void>): Ledger {
  class InterruptedTable extends LedgerTable {
    override async write(...[site, command]: Parameters<LedgerTable['write']>): Promise<Written> {
      await happens();
      return super.write(site, command);
    }
  }
  return new Ledger(new InterruptedTable(table.client, 'ledger', party.ledger.id));
}
