import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { PartyError } from '../errors.ts';
import {
  type CancelRequest,
  parseRunRecord,
  parseRunStanding,
  type RunCounts,
  type RunRecord,
  type RunStanding,
  type SelectedTask,
} from './records.ts';
import { minute, oneLine } from './summary.ts';
import type { LedgerTable } from './table.ts';
import { conditionalUpdate } from './update-command.ts';

/** How a run ended, and what CloudFormation is told of it. */
export interface RunOutcome {
  readonly state: 'succeeded' | 'failed' | 'cancelled' | 'held';
  readonly counts: RunCounts;
  readonly status: 'SUCCESS' | 'FAILED';
  readonly text: string;
}

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

  /** The runs whose outcome is not recorded yet; also those whose records are damaged otherwise. */
  async open(): Promise<{ runId: string; trigger: unknown }[]> {
    const items = await this.#table.query(this.#key('').pk, '');
    return items
      .filter(({ state }) => state === 'accepted' || state === 'running')
      .map(({ sk, trigger }) => ({ runId: String(sk), trigger }));
  }

  /** Records a run if it is not there yet; a second delivery of one request changes nothing. */
  async accept(run: RunRecord): Promise<void> {
    await this.#table.write(
      'run.accept',
      new PutCommand({
        TableName: this.#table.tableName,
        Item: {
          ...run,
          params: asJson(run.params),
          selection: asJson(run.selection),
          ...this.#key(run.runId),
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  }

  /** Pins what the run executes; the first Decide to do so wins. */
  async begin(runId: string, selection: readonly SelectedTask[], sparesStack: boolean): Promise<void> {
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
        },
        condition: '#state = :accepted',
        values: { ':accepted': 'accepted' },
      }),
    );
  }

  /**
   * Asks an open run to stop; the first request stands.
   * @returns whether the run was still open
   */
  async requestCancel(runId: string, request: CancelRequest): Promise<boolean> {
    const { applied } = await this.#table.write(
      'run.request-cancel',
      conditionalUpdate({
        tableName: this.#table.tableName,
        key: this.#key(runId),
        set: {},
        setIfAbsent: { request },
        condition: OPEN,
        values: OPEN_VALUES,
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
          params: run.params && asJson(Object.fromEntries(kept)),
        },
        condition: OPEN,
        values: OPEN_VALUES,
      }),
    );
    return this.require(run.runId);
  }

  #key(runId: string): { pk: string; sk: string } {
    return { pk: `${this.#table.ledgerId}#runs`, sk: runId };
  }
}

function asJson(value: object | undefined): string | undefined {
  return value && JSON.stringify(value);
}

function unknownRun(runId: string): PartyError {
  return new PartyError('unknown-run', `there is no run ${runId} in the ledger`);
}
