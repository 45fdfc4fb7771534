import { PartyError } from '../errors.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { AttemptRecords, parsedOrError } from './attempt-records.ts';
import {
  type ChildListing,
  type Children,
  type ChildStanding,
  childListingAttributes,
  childStandingAttributes,
  type TaskRecord,
} from './records.ts';
import type { ItemKey, LedgerTable } from './table.ts';
import { namesIn } from './update-command.ts';

/** So many digits order the numbers of children as texts. */
const DIGITS = 7;
/** Decide reads all of them before and after each Distributed Map, and has two minutes for it. */
export const CHILDREN_LIMIT = 100_000;

/** What a child of a task is to stand for. */
export type PlannedChild = { readonly key: string } | { readonly shard: { index: number; count: number } };

type Readable<Read> = Read & { readonly damaged?: never };
/** Of one whose item cannot be read: its key, where that can. */
type Damaged = { readonly damaged: PartyError; readonly key?: string };
type Numbered<Read> = { readonly number: number } & (Readable<Read> | Damaged);

/** A child as it stands; `damaged` where its item is missing or cannot be read. */
export type Child = Numbered<ChildStanding>;

/** A child as it is listed; `damaged` as above. */
export type ListedChild = Numbered<ChildListing>;

/** The records of one task's children: `pk` is `<ledger id>#<version>`, `sk` the child's number from 1. */
export class ChildRecords {
  readonly #table: LedgerTable;
  readonly #version: string;
  readonly #pk: string;

  constructor(table: LedgerTable, version: string) {
    this.#table = table;
    this.#version = version;
    this.#pk = `${table.ledgerId}#${versionKey(version)}`;
  }

  /** The record of one child. */
  at(number: number): AttemptRecords {
    return new ChildRecord(this.#table, { pk: this.#pk, sk: sortKey(number) });
  }

  /**
   * Writes a planned child over whatever an earlier plan has left.
   * @throws PartyError `held` where somebody has planned it later, or still executes the earlier one
   */
  async plan(
    task: { readonly version: string; readonly name: string },
    plan: string,
    number: number,
    child: PlannedChild,
    now: string,
  ): Promise<void> {
    const { version, name } = task;
    const record = { schema: 1, version, name, state: 'pending', attempt: 0, history: [], plan, ...child };
    // Only what is being executed has a lease.
    const condition = 'attribute_not_exists(#plan) OR #plan < :plan AND NOT #leaseUntil >= :now';
    const key = { pk: this.#pk, sk: sortKey(number) };
    const { applied } = await this.#table.write('child.plan', {
      put: {
        TableName: this.#table.tableName,
        Item: { ...record, summary: 'pending', ...key },
        ConditionExpression: condition,
        ExpressionAttributeNames: namesIn(condition),
        ExpressionAttributeValues: { ':plan': plan, ':now': now },
      },
    });
    if (applied) return;
    // The SDK may have sent the write twice; then the item is ours.
    const found = await this.#table.get(key.pk, key.sk, ['plan', 'leaseUntil']);
    if (found?.plan === plan) return;
    const isLater = String(found?.plan) > plan;
    throw new PartyError(
      'held',
      `child ${number} of task ${idOf(task)} ${isLater ? `was planned anew at ${found?.plan}` : `is being executed until ${found?.leaseUntil}`}, while this attempt plans all of them`,
      'nothing needs cleaning up: the next attempt plans them again',
    );
  }

  /** Where each child of a plan stands, in the order of their numbers. */
  standings(children: Children): Promise<Child[]> {
    return this.#ofPlan(children, childStandingAttributes);
  }

  /** Each child of a plan, in the order of their numbers. */
  list(children: Children): Promise<ListedChild[]> {
    return this.#ofPlan(children, childListingAttributes);
  }

  /** Each item is read as a whole: what is damaged anywhere could never be claimed, and must not count as waiting. */
  async #ofPlan<Name extends keyof TaskRecord>(
    { plan, count }: Children,
    names: readonly Name[],
  ): Promise<Numbered<Pick<TaskRecord, Name>>[]> {
    const found = new Map<number, Numbered<Pick<TaskRecord, Name>>>();
    for await (const page of this.#table.pages(this.#pk, '')) {
      for (const item of page) {
        const number = Number(item.sk);
        if (item.plan === plan) found.set(number, { number, ...picked(item, names) });
      }
    }
    return Array.from({ length: count }, (_, index) => {
      const number = index + 1;
      return found.get(number) ?? { number, damaged: this.#missing(number) };
    });
  }

  #missing(number: number): PartyError {
    return new PartyError(
      'damaged-record',
      `the ledger item pk "${this.#pk}", sk "${sortKey(number)}" is missing or of another plan`,
      `plan the task anew: npx after-party reset ${this.#version} --reason "..."`,
    );
  }
}

class ChildRecord extends AttemptRecords {
  readonly #key: ItemKey;

  constructor(table: LedgerTable, key: ItemKey) {
    super(table, 'child');
    this.#key = key;
  }

  protected override keyOf(): ItemKey {
    return this.#key;
  }
}

function sortKey(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

function picked<Name extends keyof TaskRecord>(
  item: Record<string, unknown>,
  names: readonly Name[],
): Readable<Pick<TaskRecord, Name>> | Damaged {
  const record = parsedOrError(item);
  if (record instanceof PartyError)
    return { damaged: record, ...(typeof item.key === 'string' && { key: item.key }) };
  return Object.fromEntries(
    names.flatMap((name) => (record[name] === undefined ? [] : [[name, record[name]]])),
  ) as Pick<TaskRecord, Name>;
}
