import { childTask } from '../../../functions/ledger/fan-out.ts';
import {
  type Children,
  type Claim,
  type Ledger,
  LedgerTable,
  type RunRecord,
  type TaskOutcome,
  type TaskRecord,
  type Written,
} from '../../../functions/ledger/index.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import type { DecideMessage, Decision, FanOut, Work } from '../../../functions/workflow-messages.ts';
import { at, request, type TestTable, won } from '../ledger/open-ledger.ts';
import { deployed, manifestOf, RUN, runOf, selectedTask, TestParty } from './party.ts';

type State = Partial<DecideMessage['state']>;

/** What a Distributed Map comes to whose children are told to stop. */
export const STOPPED = { Error: 'States.ExceedToleratedFailureThreshold', Cause: 'too many have failed' };

type Over = Extract<Decision, { action: 'end' | 'stop' }>;

function isOver(decision: Decision): decision is Over {
  return decision.action === 'end' || decision.action === 'stop';
}

/** How a write goes wrong. */
export type Fault = 'before' | 'after' | 'twice';

/** A party whose task 1 is split by keys; its children are executed as the test says. */
export class SplittingParty extends TestParty {
  readonly table: TestTable;
  /** Executions of each child, by key. */
  readonly executions = new Map<string, number>();
  /** What an execution of a child comes to; a success by default. */
  outcomes: (key: string) => TaskOutcome = () => ({ state: 'succeeded' });

  constructor(table: TestTable, task: Partial<ManifestTask>, ledger?: Ledger) {
    const manifest = manifestOf(deployed('1', { splits: 'keys', ...task }), deployed('2'));
    super(table, manifest, ledger === undefined ? {} : { ledger });
    this.table = table;
  }

  /** A run of task 1, of which nothing has begun. */
  static async running(
    table: TestTable,
    run: Partial<RunRecord> = {},
    task: Partial<ManifestTask> = {},
  ): Promise<SplittingParty> {
    const party = new SplittingParty(table, task);
    await party.accept(run, task);
    party.now = 20;
    return party;
  }

  /** A run that has split task 1 into these keys. */
  static async split(
    table: TestTable,
    keys: readonly string[],
    run: Partial<RunRecord> = {},
    task: Partial<ManifestTask> = {},
  ): Promise<SplittingParty> {
    const party = await SplittingParty.running(table, run, task);
    await party.plan(keys, run.runId);
    return party;
  }

  async accept(
    run: Partial<RunRecord>,
    { delivery = 'at-least-once', when = 'once' }: Partial<ManifestTask> = {},
  ) {
    const selection = [selectedTask('1', { when, childDelivery: delivery })];
    await this.ledger.runs.accept(runOf(selection, { deadline: at(1_800), ...run }));
  }

  /** What the runner does of a task that has not been split. */
  async plan(keys: readonly string[], runId = RUN, ledger: Ledger = this.ledger): Promise<void> {
    const now = at(this.now);
    const claimed = await ledger.tasks.claim(
      request({
        ...{ task: { version: '1', name: 'task_1' }, runId, now, leaseUntil: at(this.now + 5) },
        asked: (await ledger.runs.require(runId)).trigger === 'invoke',
      }),
    );
    if (!claimed.claimed) return;
    await planned(ledger, claimed.claim, keys, now);
  }

  decide(state: State = {}, runId = RUN): Promise<Decision> {
    const message = { v: 1, request: 'decide', state: { v: 1, runId, ...state } };
    return this.send(message) as Promise<Decision>;
  }

  decideChild(child: number, state: State = {}, runId = RUN): Promise<Decision> {
    return this.decide({ version: '1', child, ...state }, runId);
  }

  async fanOut(runId = RUN): Promise<FanOut> {
    const decision = await this.decide({}, runId);
    if (decision.action !== 'fan-out') throw new Error(`no fan-out: ${JSON.stringify(decision)}`);
    return decision;
  }

  async claimChild(number: number, runId = RUN, fields: Parameters<typeof request>[0] = {}): Promise<Claim> {
    return won(await this.tryToClaim(number, runId, fields));
  }

  async tryToClaim(number: number, runId = RUN, fields: Parameters<typeof request>[0] = {}) {
    const run = await this.ledger.runs.require(runId);
    const [task] = run.selection ?? [];
    return this.ledger
      .children('1')
      .at(number)
      .claim(
        request({
          ...{ runId, isChild: true, asked: run.trigger === 'invoke', now: at(this.now) },
          leaseUntil: at(this.now + 60),
          ...fields,
          task: childTask(task ?? selectedTask('1')),
        }),
      );
  }

  /** Has a child executed. */
  async executeChild(number: number, outcome: TaskOutcome, runId = RUN): Promise<void> {
    const claim = await this.claimChild(number, runId);
    await this.ledger.children('1').at(number).finish(claim, outcome, at(this.now));
  }

  async child(number: number): Promise<TaskRecord> {
    const record = await this.ledger.children('1').at(number).get('1');
    if (record === undefined) throw new Error(`no child ${number}`);
    return record;
  }

  editChild(number: number, changes: Record<string, unknown>): Promise<void> {
    return this.ledger.edit(String(number).padStart(7, '0'), changes, `${this.ledger.id}#1`);
  }

  run(runId = RUN): Promise<RunRecord> {
    return this.ledger.runs.require(runId);
  }

  /**
   * Carries a run out as the workflow and the runner do, to its end. What dies in Decide is asked again; what dies in
   * an invocation is reported to Decide.
   * @param ledger the runner's and the controller's, by which writes go wrong
   */
  async carryOut(keys: readonly string[], runId = RUN, ledger: Ledger = this.ledger): Promise<void> {
    const party = new SplittingParty(this.table, this.ports.manifest.tasks[0] ?? {}, ledger);
    let decision: Decision = { v: 1, runId, action: 'wait', seconds: 1 };
    for (let steps = 0; !isOver(decision); steps++) {
      if (steps > 100) throw new Error('the run does not end');
      decision = await this.#step(party, ledger, keys, decision);
    }
  }

  async #step(
    party: SplittingParty,
    ledger: Ledger,
    keys: readonly string[],
    decision: Exclude<Decision, Over>,
  ): Promise<Decision> {
    const { runId, version, child, share } = decision;
    const thread = child === undefined ? {} : { version, child, share };
    const ask = (state: State): Promise<Decision> => {
      party.now = this.now;
      const again = () => party.decide({ ...thread, ...state } as State, runId);
      // As the state machine does.
      return again().catch(again);
    };
    if (decision.action === 'wait') {
      this.now += decision.seconds;
      return ask({});
    }
    if (decision.action === 'fan-out') {
      for (const number of decision.children) {
        let next: Decision = await party
          .decideChild(number, { share: decision.share }, runId)
          .catch(() => party.decideChild(number, { share: decision.share }, runId));
        while (!isOver(next)) next = await this.#step(party, ledger, keys, next);
        if (next.action === 'stop') return ask({ error: STOPPED });
      }
      return ask({});
    }
    const { work } = decision;
    try {
      await this.#invoke(work, ledger, keys);
    } catch (error) {
      return ask({ work, error: { Error: 'Runtime.ExitError', Cause: String(error) } });
    }
    return ask({ work, report: { v: 1, runId } });
  }

  async #invoke(work: Work, ledger: Ledger, keys: readonly string[]): Promise<void> {
    this.now += 1;
    if (work.child === undefined) return this.plan(keys, work.runId, ledger);
    const records = ledger.children('1').at(work.child);
    const run = await ledger.runs.require(work.runId);
    const [task] = run.selection ?? [];
    const claimed = await records.claim(
      request({
        ...{ runId: work.runId, isChild: true, asked: run.trigger === 'invoke', now: at(this.now) },
        ...{ leaseUntil: at(this.now + 5), task: childTask(task ?? selectedTask('1')) },
      }),
    );
    if (!claimed.claimed) return;
    const key = claimed.claim.key ?? '';
    this.executions.set(key, (this.executions.get(key) ?? 0) + 1);
    await records.finish(claimed.claim, this.outcomes(key), at(this.now));
  }
}

/** Plans children under a claim, as the runner does. */
export async function planned(
  ledger: Ledger,
  claim: Claim,
  keys: readonly string[],
  now: string,
): Promise<boolean> {
  const plan = now;
  for (const [index, key] of keys.entries())
    await ledger.children('1').plan(claim, plan, index + 1, { key }, now);
  return ledger.tasks.fanOut(claim, childrenOf(keys.length, plan), now);
}

export function childrenOf(count: number, plan: string, fields: Partial<Children> = {}): Children {
  return { of: 'keys', count, parallel: 10, plan, ...fields };
}

export function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `key ${index + 1}`);
}

/** A ledger of which one write goes wrong, counted from 1. */
export class FaultyTable extends LedgerTable {
  /** Sites of the writes so far. */
  readonly sites: string[] = [];
  readonly #fault: { readonly at: number; readonly how: Fault };

  constructor(table: TestTable, ledgerId: string, fault: { at: number; how: Fault }) {
    super(table.client, 'ledger', ledgerId);
    this.#fault = fault;
  }

  override async write(...[site, command]: Parameters<LedgerTable['write']>): Promise<Written> {
    this.sites.push(site);
    if (this.sites.length !== this.#fault.at) return super.write(site, command);
    if (this.#fault.how === 'before') throw new Error(`died before ${site}`);
    const first = await super.write(site, command);
    if (this.#fault.how === 'twice') return super.write(site, command);
    if (first.applied) throw new Error(`died after ${site}`);
    return first;
  }
}
