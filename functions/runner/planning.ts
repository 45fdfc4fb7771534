import { PartyError } from '../errors.ts';
import type { Children, Claim, Ledger, PlannedChild } from '../ledger/index.ts';
import type { TaskContext } from '../task/context.ts';
import type { Task, TaskSplit } from '../task/define-task.ts';
import { readKeys } from './keys.ts';

/** How the attempt at a task ended whose children are planned. */
export interface Planned {
  readonly how: 'planned';
  readonly children: Children;
}

/** How many children are written at a time. */
const WRITERS = 25;

/**
 * What the task is to be split into by this attempt; undefined where it is not split, or is already.
 * @throws PartyError `split-changed` for a child of a task that is no longer split so
 */
export function splitToPlan({ split }: Task, claim: Claim): TaskSplit | undefined {
  if (claim.plan === undefined) return split;
  const of = claim.key === undefined ? 'shards' : 'keys';
  if (split?.of === of) return undefined;
  const option = of === 'keys' ? 'forEach' : 'shards';
  throw new PartyError(
    'split-changed',
    `the task was split into ${of}, and its file no longer has "${option}"`,
    `give it "${option}" again, or begin anew: npx after-party invoke ${claim.name} --from-start`,
  );
}

/** `64 shards`. */
export function childCount(of: Children['of'], count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? of.slice(0, -1) : of}`;
}

/**
 * What a task is split into: its shards, or a child for each key that its `forEach` gives.
 * @throws what `readKeys` throws
 */
export async function childrenOf(split: TaskSplit, ctx: TaskContext): Promise<PlannedChild[]> {
  if (split.of === 'shards') {
    const { count } = split;
    return Array.from({ length: count }, (_, index) => ({ shard: { index, count } }));
  }
  return (await readKeys(split.keys, ctx)).map((key) => ({ key }));
}

/** What children are written with. */
export interface Planning {
  readonly split: TaskSplit;
  readonly ledger: Ledger;
  readonly claim: Claim;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Writes the children of a task, some at a time. None of them is begun before the task says that they are planned,
 * so whatever a plan that broke off has left is written over by the next.
 * @throws PartyError `held`, and the signal's reason once it aborts
 */
export async function writeChildren(planning: Planning, planned: readonly PlannedChild[]): Promise<Children> {
  const { split, ledger, claim, signal } = planning;
  const now = (): string => new Date(planning.now()).toISOString();
  const plan = now();
  const records = ledger.children(claim.version);
  const left = planned.entries();
  const failures: unknown[] = [];
  const write = async (): Promise<void> => {
    for (const [index, child] of left) {
      if (signal.aborted || failures.length > 0) return;
      await records
        .plan(claim, plan, index + 1, child, now())
        .catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return { of: split.of, count: planned.length, parallel: split.parallel, plan };
}
