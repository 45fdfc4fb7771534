import type { PartyError } from '../errors.ts';
import type { Child } from '../ledger/child-records.ts';
import type { SplitTask } from '../ledger/fan-out.ts';
import type { Children, Progress, RunRecord, TaskRecord, TaskState } from '../ledger/records.ts';
import { stoppedByRequest, stoppedWithRun } from '../ledger/stops.ts';
import type { TaskOutcome } from '../ledger/task-records.ts';
import { counted, cut } from './text.ts';

const LONGEST_KEY = 80;

/** States that follow from those of the children; any other was asked for by a person, or a run sees to them. */
export const FOLLOWS_CHILDREN: ReadonlySet<TaskState> = new Set([
  ...(['succeeded', 'failed', 'in-doubt', 'interrupted'] as const),
]);

/** How many of a task's children are in which state. */
export interface ChildCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly inDoubt: number;
  readonly running: number;
  /** Waiting, stopped or left out. */
  readonly left: number;
}

type State = keyof ChildCounts;

function stateOf(child: Child): State {
  if (child.damaged !== undefined) return 'failed';
  if (child.state === 'running') return 'running';
  // What was run again by hand has succeeded before.
  if (child.succeededAt !== undefined) return 'succeeded';
  if (child.state === 'in-doubt') return 'inDoubt';
  return child.state === 'failed' ? 'failed' : 'left';
}

export function countChildren(children: readonly Child[]): ChildCounts {
  const counts = { succeeded: 0, failed: 0, inDoubt: 0, running: 0, left: 0 };
  for (const child of children) counts[stateOf(child)] += 1;
  return counts;
}

/** The child that says best why its task is not done: in doubt, else failed, else stopped; the first of them. */
export function tellingChild(children: readonly Child[]): number | undefined {
  for (const state of ['inDoubt', 'failed', 'left'] as const) {
    const found = children.find(
      (child) => stateOf(child) === state && (child.damaged ?? child.reason ?? state !== 'left'),
    );
    if (found !== undefined) return found.number;
  }
  return undefined;
}

/** A child as people are told of it, whole or what keeps it from being read. */
export interface ToldChild {
  readonly number: number;
  readonly record: TaskRecord | PartyError;
}

/**
 * What a task has come to by what its children have come to, none of which is being executed.
 * @param stopped why those that are left are not executed, where it is known
 * @param telling the child that `tellingChild` names
 */
export function outcomeOfChildren(
  task: SplitTask,
  children: readonly Child[],
  stopped: TaskOutcome | undefined,
  telling: ToldChild | undefined,
): TaskOutcome {
  const { count } = task.children;
  const progress = progressOfChildren(children);
  const far = progress === undefined ? {} : { progress };
  const { succeeded, inDoubt, failed } = countChildren(children);
  if (succeeded === children.length)
    return { state: 'succeeded', result: resultText(task.children, progress), ...far };
  if (stopped !== undefined && stopped.state !== 'interrupted') return { ...stopped, ...far };
  const why = telling === undefined ? '' : `: ${toldText(telling)}`;
  const told = detailsOf(telling);
  if (inDoubt > 0)
    return { state: 'in-doubt', reason: `${inDoubt} of ${count} in doubt${why}`, ...told, ...far };
  if (failed > 0) return { state: 'failed', reason: `${failed} of ${count} failed${why}`, ...told, ...far };
  const left = `${children.length - succeeded} of ${count} left`;
  return {
    state: 'interrupted',
    reason: stopped === undefined ? `${left}${why}` : `${stopped.reason}; ${left}`,
    ...far,
  };
}

/** What a person has asked of a task whose children are executed. */
export function askedOf({ request }: SplitTask): TaskOutcome | undefined {
  return request && stoppedByRequest(request);
}

/** What has been asked of a task whose children are executed, or of its run. */
export function stopOf(task: SplitTask, run: RunRecord): TaskOutcome | undefined {
  return askedOf(task) ?? (run.request && stoppedWithRun(run.request));
}

/** The sum of what is known; of children that have not begun, about as much is expected as of the others. */
export function progressOfChildren(children: readonly Child[]): Progress | undefined {
  const known = children.flatMap(({ damaged, ...child }) =>
    damaged === undefined && 'progress' in child && child.progress !== undefined ? [child.progress] : [],
  );
  if (known.length === 0) return undefined;
  const sum = (of: (progress: Progress) => number | undefined): number | undefined => {
    const numbers = known.map(of).filter((number) => number !== undefined);
    return numbers.length === 0 ? undefined : numbers.reduce((total, number) => total + number, 0);
  };
  const done = sum((progress) => progress.done) ?? 0;
  const changed = sum((progress) => progress.changed);
  const totals = known.every(({ total }) => total !== undefined) ? sum(({ total }) => total) : undefined;
  const total = totals === undefined ? undefined : Math.round((totals / known.length) * children.length);
  return {
    done,
    ...(total === undefined ? {} : { total: Math.max(total, done) }),
    ...(changed === undefined ? {} : { changed }),
  };
}

/** `key "acme"`, `shard 7`. */
export function childName(number: number, key: string | undefined): string {
  return key === undefined ? `shard ${number}` : `key ${cut(JSON.stringify(key), LONGEST_KEY)}`;
}

function resultText({ of, count }: Children, progress: Progress | undefined): string {
  const split = counted(count, of === 'keys' ? 'key' : 'shard');
  if (progress === undefined) return split;
  const items = counted(progress.done, 'item');
  return progress.changed === undefined
    ? `${items} in ${split}`
    : `${progress.changed.toLocaleString('en-US')} of ${items} changed in ${split}`;
}

function toldText({ number, record }: ToldChild): string {
  return record instanceof Error ? record.message : `${childName(number, record.key)}: ${whyText(record)}`;
}

/** Why a child has not succeeded. */
export function whyText({ reason, error, state }: TaskRecord): string {
  return reason ?? (error === undefined ? state : `${error.name}: ${error.message}`);
}

function detailsOf(telling: ToldChild | undefined): Pick<TaskOutcome, 'error' | 'logs'> {
  if (telling === undefined || telling.record instanceof Error) return {};
  const { error, logs } = telling.record;
  return { ...(error === undefined ? {} : { error }), ...(logs === undefined ? {} : { logs }) };
}
