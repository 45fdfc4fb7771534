import { PartyError } from '../errors.ts';
import { type ListedRun, listedRunAttributes, listedRunOrError } from './listed-runs.ts';
import {
  type CancelRequest,
  type CommitState,
  parseRunRecord,
  parseRunStanding,
  type RunCounts,
  type RunRecord,
  type RunStanding,
  type SelectedTask,
} from './records.ts';
import { minute, oneLine } from './summary.ts';
import type { ItemKey, LedgerTable } from './table.ts';
import { conditionalUpdate } from './update-command.ts';

/** How a run ended, and what CloudFormation is told of it. */
export interface RunOutcome {
  readonly state: 'succeeded' | 'failed' | 'cancelled' | 'held';
  readonly counts: RunCounts;
  readonly status: 'SUCCESS' | 'FAILED';
  readonly text: string;
  /** How long the run is kept from then on; one that is under way is never removed. */
  readonly retentionDays: number;
  /**
   * Whether a failure keeps from running what was to come, the background tasks too.
   * @default false
   */
  readonly stopped?: boolean;
}

/** A run that is not at its end yet; read so that a damaged record does not hide it. */
export interface OpenRun {
  readonly runId: string;
  readonly trigger: unknown;
  /** The deploy's run that started it after the commit, if one did. */
  readonly parent: unknown;
}

const DAY_SECONDS = 86_400;

/** All that are kept are read, and what some of them selected is long. */
const OPEN_ATTRIBUTES = ['sk', 'state', 'commit', 'trigger', 'parent'] as const;
const OPEN_STATES: ReadonlySet<unknown> = new Set(['accepted', 'running']);
const OPEN_COMMITS: ReadonlySet<unknown> = new Set(['awaited', 'committed']);

const OPEN = '(#state = :accepted OR #state = :running)';
const OPEN_VALUES = { ':accepted': 'accepted', ':running': 'running' };

/** The records of the runs: `pk` is `<ledger id>#runs`, `sk` the run's id. */
export class RunRecords {
  readonly #table: LedgerTable;

  constructor(table: LedgerTable) {
    this.#table = table;
  }

  /** @throws PartyError `damaged-record` */
  async get(runId: string): Promise<RunRecord | undefined> {
    const { pk, sk } = this.#key(runId);
    const item = await this.#table.get(pk, sk);
    return item === undefined ? undefined : parseRunRecord(item);
  }

  /**
   * The run, which must be there.
   * @throws PartyError `unknown-run`, `damaged-record`
   */
  async require(runId: string): Promise<RunRecord> {
    const run = await this.get(runId);
    if (run !== undefined) return run;
    throw unknownRun(runId);
  }

  /** Whether the run goes on. */
  async standing(runId: string): Promise<RunStanding> {
    const { pk, sk } = this.#key(runId);
    const item = await this.#table.get(pk, sk, ['pk', 'sk', 'state', 'request']);
    if (item !== undefined) return parseRunStanding(item);
    throw unknownRun(runId);
  }

  /** The runs whose outcome is not recorded yet, and the deploys that have background tasks to start. */
  async open(): Promise<OpenRun[]> {
    const open: OpenRun[] = [];
    for await (const page of this.#table.pages(this.#key('').pk, '', OPEN_ATTRIBUTES))
      for (const { sk, state, commit, trigger, parent } of page)
        if (OPEN_STATES.has(state) || OPEN_COMMITS.has(commit))
          open.push({ runId: String(sk), trigger, parent });
    return open;
  }

  /** All runs that are kept. */
  async list(): Promise<(ListedRun | PartyError)[]> {
    const runs: (ListedRun | PartyError)[] = [];
    for await (const page of this.#table.pages(this.#key('').pk, '', listedRunAttributes))
      runs.push(...page.map(listedRunOrError));
    return runs;
  }

  /** Records a run if it is not there yet; a second delivery of one request changes nothing. */
  async accept(run: RunRecord): Promise<void> {
    await this.#table.write('run.accept', {
      put: {
        TableName: this.#table.tableName,
        Item: {
          ...run,
          params: asJson(run.params),
          selection: asJson(run.selection),
          ...this.#key(run.runId),
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    });
  }

  /** Pins what the run executes; the first Decide to do so wins. */
  async begin(
    runId: string,
    selection: readonly SelectedTask[],
    sparesStack: boolean,
    background: readonly SelectedTask[] = [],
  ): Promise<void> {
    await this.#table.write(
      'run.begin',
      conditionalUpdate({
        tableName: this.#table.tableName,
        key: this.#key(runId),
        set: {
          state: 'running',
          selection: asJson(selection),
          sparesStack,
          summary: `running ${selection.length} tasks`,
          ...(background.length === 0 ? {} : { background: asJson(background), commit: 'awaited' }),
        },
        condition: '#state = :accepted',
        values: { ':accepted': 'accepted' },
      }),
    );
  }

  /**
   * Asks an open run to stop, or a deploy that has background tasks to start not to; the first request stands.
   * @returns whether there was anything to stop
   */
  async requestCancel(runId: string, request: CancelRequest): Promise<boolean> {
    const { applied } = await this.#table.write(
      'run.request-cancel',
      conditionalUpdate({
        tableName: this.#table.tableName,
        key: this.#key(runId),
        set: {},
        setIfAbsent: { request },
        // What has committed is no longer taken back.
        condition: `${OPEN} OR #commit = :awaited${request.cause === 'rollback' ? '' : ' OR #commit = :committed'}`,
        values: {
          ...OPEN_VALUES,
          ':awaited': 'awaited',
          ...(request.cause === 'rollback' ? {} : { ':committed': 'committed' }),
        },
      }),
    );
    return applied;
  }

  /**
   * Records the outcome; the first one stands. Secret params are kept no longer than this.
   * @returns the run as it is recorded
   */
  async settle(run: RunRecord, outcome: RunOutcome, now: string): Promise<RunRecord> {
    const secret = new Set(run.secretParams ?? []);
    const kept = Object.entries(run.params ?? {}).filter(([name]) => !secret.has(name));
    await this.#table.write(
      'run.settle',
      conditionalUpdate({
        tableName: this.#table.tableName,
        key: this.#key(run.runId),
        set: {
          state: outcome.state,
          summary: `${outcome.state} at ${minute(now)}: ${oneLine(outcome.text)}`,
          counts: outcome.counts,
          answer: { status: outcome.status, text: outcome.text },
          finishedAt: now,
          expiresAt: Math.floor(Date.parse(now) / 1000) + outcome.retentionDays * DAY_SECONDS,
          ...(outcome.stopped === true && run.commit === 'awaited' ? { commit: 'given-up' } : {}),
          params: run.params === undefined ? undefined : asJson(Object.fromEntries(kept)),
        },
        condition: OPEN,
        values: OPEN_VALUES,
      }),
    );
    return this.require(run.runId);
  }

  /** Records how the background tasks stand to the commit. */
  async setCommit(runId: string, from: CommitState, to: CommitState): Promise<void> {
    await this.#table.write(
      'run.commit',
      conditionalUpdate({
        tableName: this.#table.tableName,
        key: this.#key(runId),
        set: { commit: to },
        condition: '#commit = :from',
        values: { ':from': from },
      }),
    );
  }

  /** Notes under which number its execution goes on. */
  async handOver(runId: string, generation: number): Promise<void> {
    await this.#table.write(
      'run.hand-over',
      conditionalUpdate({
        tableName: this.#table.tableName,
        key: this.#key(runId),
        set: { generation },
        condition: 'attribute_exists(#state)',
      }),
    );
  }

  #key(runId: string): ItemKey {
    return { pk: `${this.#table.ledgerId}#runs`, sk: runId };
  }
}

function asJson(value: object | undefined): string | undefined {
  return value && JSON.stringify(value);
}

function unknownRun(runId: string): PartyError {
  return new PartyError(
    'unknown-run',
    `there is no run ${runId} in the ledger`,
    '`npx after-party show TASK` names the last run of a task',
  );
}
