import { isDeepStrictEqual } from 'node:util';
import { PartyError } from '../errors.ts';
import { idOf } from '../task/task-id.ts';
import { type Claim, type ClaimRequest, claimOf, claimUpdate, freshClaim } from './claim.ts';
import { type Correction, childhood, correctedRecord, isHeld, unchanged } from './correction.ts';
import { settleUpdate } from './fan-out.ts';
import {
  type Progress,
  parseTaskRecord,
  type RunRecord,
  type StopRequest,
  type TaskRecord,
} from './records.ts';
import {
  both,
  type Condition,
  finishUpdate,
  itemAfterDryRun,
  noneBut,
  pendingItem,
  stillHeld,
  type TaskOutcome,
} from './settlement.ts';
import * as summary from './summary.ts';
import type { ItemKey, LedgerTable } from './table.ts';
import { conditionalUpdate, namesIn } from './update-command.ts';

/** What a person asks of a task while it is being executed. */
export interface TaskDemands {
  readonly request: StopRequest | undefined;
  readonly rate: number | undefined;
}

/** What came of a claim: the task, or whoever holds or has settled it. */
export type ClaimResult =
  | { readonly claimed: true; readonly claim: Claim }
  | { readonly claimed: false; readonly holder: TaskRecord | undefined };

/** Records of what is claimed, executed and settled: tasks, or the children of one. */
export abstract class AttemptRecords {
  protected readonly table: LedgerTable;
  /** By which its writes are called. */
  readonly #kind: 'task' | 'child';

  constructor(table: LedgerTable, kind: 'task' | 'child') {
    this.table = table;
    this.#kind = kind;
  }

  protected abstract keyOf(version: string): ItemKey;

  /** @throws PartyError `damaged-record` */
  async get(version: string): Promise<TaskRecord | undefined> {
    const { pk, sk } = this.keyOf(version);
    const item = await this.table.get(pk, sk);
    return item === undefined ? undefined : parseTaskRecord(item);
  }

  /**
   * Takes a task for one invocation, with one write.
   * @throws PartyError `damaged-record`
   */
  async claim(request: ClaimRequest): Promise<ClaimResult> {
    const { version } = request.task;
    const update = claimUpdate(this.table.tableName, this.keyOf(version), request);
    const written = await this.table.write(`${this.#kind}.claim`, update).catch(async (error: unknown) => {
      // DynamoDB cannot count up an attempt that somebody has made a text: reading the record says so.
      await this.get(version);
      throw error;
    });
    if (written.applied) return { claimed: true, claim: await this.#undamaged(request, written.attributes) };
    const holder = await this.get(version);
    // The SDK may have sent the write twice; then the copy was refused, and the item carries our token.
    const own = holder?.owner === request.token ? claimOf(holder) : undefined;
    return own === undefined ? { claimed: false, holder } : { claimed: true, claim: own };
  }

  /** Gives back a claim under which nothing was begun. */
  async release(claim: Claim, now: string): Promise<void> {
    const reason = 'the run was cancelled before the task began';
    if (claim.previous === 'unknown') {
      await this.finish(claim, { state: 'failed', reason }, now);
      return;
    }
    const pending = { ...pendingItem(claim), summary: `pending: ${reason}` };
    await this.#giveBack('release', claim, claim.previous ?? pending);
  }

  /**
   * Saves how far an attempt has come, if the claim still holds.
   * @returns what a person asks of it meanwhile; undefined if somebody else has settled it
   */
  async checkpoint(
    claim: Claim,
    cursor: unknown,
    progress: Progress | undefined,
    now: string,
  ): Promise<TaskDemands | undefined> {
    const update = conditionalUpdate({
      tableName: this.table.tableName,
      key: this.keyOf(claim.version),
      set: {
        cursor: cursor === undefined ? undefined : JSON.stringify(cursor),
        progress,
        summary: summary.progressing(now, claim.attempt, progress),
      },
      ...stillHeld(claim),
      returnNew: true,
    });
    const written = await this.table.write(`${this.#kind}.checkpoint`, update);
    if (!written.applied || written.attributes === undefined) return undefined;
    const { request, rate } = parseTaskRecord(written.attributes);
    return { request, rate };
  }

  /** What a person asks of the attempt; undefined if somebody else has settled it. */
  async demands(claim: Claim): Promise<TaskDemands | undefined> {
    const record = await this.get(claim.version);
    if (record?.owner !== claim.token || record.state !== 'running') return undefined;
    return { request: record.request, rate: record.rate };
  }

  /**
   * Records how an attempt ended, if the claim still holds.
   * @returns false if somebody else has settled it since
   */
  finish(claim: Claim, outcome: TaskOutcome, now: string): Promise<boolean> {
    return this.#finish(claim, outcome, now);
  }

  /**
   * Records that an attempt stopped before its end, as long as nothing else has been asked of it than what it obeys.
   * @returns what is asked of it now, if that has changed; false if somebody else has settled it since
   */
  async stop(
    claim: Claim,
    outcome: TaskOutcome,
    obeyed: StopRequest | undefined,
    now: string,
  ): Promise<boolean | TaskDemands> {
    if (await this.#finish(claim, outcome, now, noneBut(obeyed))) return true;
    return (await this.demands(claim)) ?? false;
  }

  /**
   * Ends an attempt that was to change nothing: the record is as it was before, but for the count of the attempt.
   * @returns false if somebody else has settled it since
   */
  async finishDryRun(claim: Claim, outcome: TaskOutcome, now: string): Promise<boolean> {
    const held = await this.get(claim.version);
    if (held?.owner !== claim.token) return false;
    const item = itemAfterDryRun(claim, held, outcome, now);
    if (await this.#giveBack('finish', claim, item)) return true;
    const record = await this.get(claim.version);
    return record?.owner === claim.token && record.state !== 'running';
  }

  /**
   * Records what became of what no invocation holds, unless it has changed since it was read.
   * @param run whose doing it is; a dry run leaves nothing but an entry in the history
   * @returns false if it has changed
   */
  async settle(
    record: TaskRecord,
    outcome: TaskOutcome,
    now: string,
    run: Pick<RunRecord, 'runId' | 'dryRun'>,
  ): Promise<boolean> {
    const update = settleUpdate(this.table.tableName, this.keyOf(record.version), record, outcome, now, run);
    return (await this.table.write(`${this.#kind}.settle`, update)).applied;
  }

  async #finish(claim: Claim, outcome: TaskOutcome, now: string, also?: Condition): Promise<boolean> {
    const key = this.keyOf(claim.version);
    const holds = also === undefined ? stillHeld(claim) : both(stillHeld(claim), also);
    const update = finishUpdate(this.table.tableName, key, claim, outcome, now, holds);
    if ((await this.table.write(`${this.#kind}.finish`, update)).applied) return true;
    const record = await this.get(claim.version);
    return record?.owner === claim.token && record.state === outcome.state && record.finishedAt === now;
  }

  /**
   * Corrects the ledger by hand, audited in the history. A reset also mends a damaged record.
   * @throws PartyError `held` while an invocation or a run executes the task or its children, or if its record
   * changes meanwhile, `damaged-record`
   */
  async correct(correction: Correction, now: string): Promise<TaskRecord> {
    const key = this.keyOf(correction.version);
    const item = await this.table.get(key.pk, key.sk);
    const before = item === undefined ? undefined : parsedOrError(item);
    if (before instanceof PartyError && correction.kind !== 'reset') throw before;
    if (item !== undefined && isHeld(item, now)) {
      throw held(
        correction,
        'is being executed',
        `wait until it has ended, or cancel its run: npx after-party cancel ${item.run}`,
      );
    }
    if (!(before instanceof PartyError) && before?.state === 'fanned-out')
      throw held(correction, 'has children that are being executed', 'wait until they have ended');
    if (correction.child !== undefined && !isDeepStrictEqual(before, correction.child.task))
      throw held(correction, 'changed while it was being corrected', look(correction));
    const record = correctedRecord(correction, before instanceof PartyError ? undefined : before, now);
    const corrected = {
      ...record,
      ...(before instanceof PartyError ? childhood(item) : {}),
      ...key,
      ...(record.cursor === undefined ? {} : { cursor: JSON.stringify(record.cursor) }),
      ...(record.result === undefined ? {} : { result: JSON.stringify(record.result) }),
    };
    const { condition, values } = unchanged(item);
    const written = await this.table.write(`${this.#kind}.correct`, {
      put: {
        TableName: this.table.tableName,
        Item: corrected,
        ConditionExpression: condition,
        ExpressionAttributeNames: namesIn(condition),
        ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
      },
    });
    if (written.applied) return record;
    // The SDK may have sent the write twice; then the copy was refused, and the item is as we left it.
    const after = await this.table.get(key.pk, key.sk);
    if (isDeepStrictEqual(after, corrected)) return record;
    throw held(correction, 'changed while it was being corrected', look(correction));
  }

  /** A claim on a record that somebody has damaged is given back: only a person can mend it. */
  async #undamaged(request: ClaimRequest, previous: Record<string, unknown> | undefined): Promise<Claim> {
    try {
      return freshClaim(request, previous);
    } catch (error) {
      const { token, task } = request;
      if (previous !== undefined) {
        await this.#giveBack('release', { version: task.version, token }, previous);
      }
      throw error;
    }
  }

  async #giveBack(
    site: 'release' | 'finish',
    { version, token }: Pick<Claim, 'version' | 'token'>,
    item: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const { condition, values } = stillHeld({ token });
    const written = await this.table.write(`${this.#kind}.${site}`, {
      put: {
        TableName: this.table.tableName,
        Item: { ...item, ...this.keyOf(version) },
        ConditionExpression: condition,
        ExpressionAttributeNames: namesIn(condition),
        ExpressionAttributeValues: values,
      },
    });
    return written.applied;
  }
}

export function parsedOrError(item: Record<string, unknown>): TaskRecord | PartyError {
  try {
    return parseTaskRecord(item);
  } catch (error) {
    if (error instanceof PartyError) return error;
    throw error;
  }
}

function look({ version }: Correction): string {
  return `look at it again: npx after-party show ${version}`;
}

function held(correction: Correction, what: string, resolution: string): PartyError {
  return new PartyError('held', `task ${idOf(correction)} ${what}`, resolution);
}
