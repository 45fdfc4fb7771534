import type { TaskRecord, WriteSite } from '../../functions/ledger/index.ts';
import { versionKey } from '../../functions/task/version.ts';
import type { Oracle } from './oracle.ts';
import { taskOf } from './subjects.ts';
import { CHECKPOINTING, ITEMS, pool } from './task-pool.ts';

/** What must hold of tasks that go through items, or say at checkpoints how far they have come. */
export class ItemsOracle {
  readonly #oracle: Pick<Oracle, 'forbid'>;
  /** The items up to the cursor of the last claim, and those completed since. */
  readonly #completed = new Map<string, Set<number>>();

  constructor(oracle: Pick<Oracle, 'forbid'>) {
    this.#oracle = oracle;
  }

  iterates(key: string): boolean {
    return pool.some(
      ({ version, iterates }) =>
        versionKey(version) === taskOf(key) && (iterates || version === CHECKPOINTING),
    );
  }

  claimed(key: string, before: TaskRecord | undefined, record: TaskRecord, isFromStart: boolean): void {
    this.#oracle.forbid(
      record.cursor !== before?.cursor && !(isFromStart && record.cursor === undefined),
      `the claim of ${key} moved its cursor from ${before?.cursor} to ${record.cursor}`,
    );
    this.#completed.set(key, new Set(upTo(record)));
  }

  wrote(
    site: WriteSite,
    key: string,
    claimed: TaskRecord | undefined,
    before: TaskRecord | undefined,
    record: TaskRecord,
    isDryRun: boolean,
  ): void {
    if (!this.iterates(key)) return;
    const from = `${key}: ${site} moves the cursor from ${before?.cursor} to ${record.cursor}`;
    const act = site.slice(site.indexOf('.') + 1);
    const isGivenBack = act === 'release' || isDryRun;
    if (isGivenBack && act !== 'checkpoint') {
      this.#oracle.forbid(record.cursor !== claimed?.cursor, `${from}, and the claim was to leave no trace`);
      return;
    }
    if (act !== 'checkpoint' && act !== 'finish') {
      const isForgotten = (act === 'correct' || act === 'plan') && record.cursor === undefined;
      this.#oracle.forbid(!isForgotten && record.cursor !== before?.cursor, from);
      return;
    }
    this.#oracle.forbid(isDryRun, `${from} in a dry run`);
    const isDone = record.state === 'succeeded';
    this.#oracle.forbid(!isDone && upTo(record).length < upTo(before).length, `${from}: it goes back`);
    const passed = isDone ? upTo({ cursor: ITEMS }) : upTo(record);
    const lost = passed.filter((item) => this.#completed.get(key)?.has(item) !== true);
    this.#oracle.forbid(lost.length > 0, `${from} (${record.state}): items ${lost} are lost`);
  }

  begins(key: string, record: TaskRecord | undefined, items: readonly number[], isDryRun: boolean): void {
    const passed = isDryRun ? new Set(upTo(record)) : this.#completed.get(key);
    const again = items.filter((item) => passed?.has(item) === true);
    this.#oracle.forbid(again.length > 0, `${key} processes ${again} again, which had been completed`);
  }

  completes(key: string, items: readonly number[]): void {
    for (const item of items) this.#completed.get(key)?.add(item);
  }
}

function upTo(record: { readonly cursor?: unknown } | undefined): number[] {
  return Array.from({ length: Number(record?.cursor ?? 0) }, (_, index) => index + 1);
}
