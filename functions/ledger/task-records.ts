import type { PartyError } from '../errors.ts';
import { versionKey } from '../task/version.ts';
import { AttemptRecords, parsedOrError } from './attempt-records.ts';
import type { Claim } from './claim.ts';
import { fanOutUpdate, reopenUpdate, type SplitTask } from './fan-out.ts';
import type { Children, RunRecord, StopRequest, TaskRecord } from './records.ts';
import * as summary from './summary.ts';
import type { ItemKey, LedgerTable } from './table.ts';
import { conditionalUpdate } from './update-command.ts';

export type { ClaimResult, TaskDemands } from './attempt-records.ts';
export type { TaskOutcome } from './settlement.ts';

/** The records of the tasks: `pk` is the ledger id, `sk` is `task#<version>`. */
export class TaskRecords extends AttemptRecords {
  constructor(table: LedgerTable) {
    super(table, 'task');
  }

  /** All records by key; a damaged one is its error, so that one bad item does not hide the others. */
  async all(): Promise<Map<string, TaskRecord | PartyError>> {
    const records = new Map<string, TaskRecord | PartyError>();
    for (const item of await this.table.query(this.table.ledgerId, 'task#')) {
      records.set(String(item.sk).slice('task#'.length), parsedOrError(item));
    }
    return records;
  }

  /**
   * Asks a task that is being executed to stop; the last request stands.
   * @returns whether it is being executed
   */
  async requestStop(version: string, request: StopRequest): Promise<boolean> {
    const update = conditionalUpdate({
      tableName: this.table.tableName,
      key: this.keyOf(version),
      set: { request },
      condition: '#state = :running OR #state = :fannedOut',
      values: { ':running': 'running', ':fannedOut': 'fanned-out' },
    });
    return (await this.table.write('task.request-stop', update)).applied;
  }

  /**
   * Sets how many items per second the task may process, now and later.
   * @returns whether there is a record of it
   */
  async setRate(version: string, rate: number): Promise<boolean> {
    const update = conditionalUpdate({
      tableName: this.table.tableName,
      key: this.keyOf(version),
      set: { rate },
      condition: 'attribute_exists(#state)',
    });
    return (await this.table.write('task.set-rate', update)).applied;
  }

  /** Says of an interrupted task why nothing goes on with it; its cursor stays for the day when something does. */
  async orphan(version: string, reason: string, now: string): Promise<void> {
    const update = conditionalUpdate({
      tableName: this.table.tableName,
      key: this.keyOf(version),
      set: { reason, summary: `interrupted, and left so at ${summary.minute(now)}: ${reason}` },
      condition: '#state = :interrupted',
      values: { ':interrupted': 'interrupted' },
    });
    await this.table.write('task.orphan', update);
  }

  /**
   * Records that a task's children are planned, if the claim still holds.
   * @returns false if somebody else has settled the task since
   */
  async fanOut(claim: Claim, children: Children, now: string): Promise<boolean> {
    const { tableName } = this.table;
    const update = fanOutUpdate(tableName, this.keyOf(claim.version), claim, children, now);
    if ((await this.table.write('task.fan-out', update)).applied) return true;
    const record = await this.get(claim.version);
    return record?.owner === claim.token && record.children?.plan === children.plan;
  }

  /** Has a run see to the children that an earlier run has not brought to an end, unless the task has changed. */
  async reopen(record: SplitTask, run: RunRecord, now: string): Promise<void> {
    const update = reopenUpdate(this.table.tableName, this.keyOf(record.version), record, run, now);
    await this.table.write('task.reopen', update);
  }

  protected override keyOf(version: string): ItemKey {
    return { pk: this.table.ledgerId, sk: `task#${versionKey(version)}` };
  }
}
