import type { PartyError } from '../errors.ts';
import type { Child, ListedChild } from '../ledger/child-records.ts';
import { isSplit, type SplitTask } from '../ledger/fan-out.ts';
import type { ChildListing, TaskRecord, TaskState } from '../ledger/records.ts';
import { versionKey } from '../task/version.ts';
import { holderBetweenSlices } from './background.ts';
import { countChildren, progressOfChildren } from './children-outcome.ts';
import { duration } from './done-text.ts';
import type { LedgerView } from './ledger-view.ts';
import { leaseEnd } from './next-step.ts';
import type { ControllerPorts } from './ports.ts';
import type { ChildStatus, SplitStatus, TaskProgress } from './requests.ts';

/** What the ledger says, and where the children of split tasks stand, by the tasks' ledger keys. */
export interface StatusView extends LedgerView {
  readonly splits?: ReadonlyMap<string, SplitView>;
}

interface SplitView {
  readonly children: readonly Child[];
  /** Whether a run sees to them. */
  readonly isUnderWay: boolean;
}

/** How long something must have gone on before its pace is told. */
const TELLING_MS = 1_000;

/** States that a task can be in whose children have not all succeeded. */
const UNFINISHED: ReadonlySet<TaskState> = new Set([
  ...(['fanned-out', 'failed', 'in-doubt', 'interrupted', 'paused', 'cancelled'] as const),
]);

/**
 * Reads where the children of unfinished tasks stand.
 * @param tasks those that it is about; absent: all
 */
export async function withChildren(
  ports: ControllerPorts,
  view: LedgerView,
  tasks?: readonly { readonly version: string }[],
): Promise<StatusView> {
  const asked = tasks && new Set(tasks.map(({ version }) => versionKey(version)));
  const splits = new Map<string, SplitView>();
  for (const [key, record] of view.records) {
    if (record instanceof Error || !isSplit(record) || !UNFINISHED.has(record.state)) continue;
    if (asked?.has(key) === false) continue;
    const children = await ports.ledger.children(key).standings(record.children);
    const isUnderWay =
      record.state === 'fanned-out' && (await holderBetweenSlices(ports, record)) !== undefined;
    splits.set(key, { children, isUnderWay });
  }
  return { ...view, splits };
}

/** Where the children stand, and how fast they come to an end in the run that sees to them. */
export function splitStatus(record: SplitTask, view: SplitView | undefined, now: number): SplitStatus {
  const { of, count, parallel } = record.children;
  const all = { succeeded: count, failed: 0, inDoubt: 0, running: 0, left: 0 };
  const counts = view === undefined ? all : countChildren(view.children);
  const ended = view?.isUnderWay === true ? countChildren(view.children.filter(isOfRun(record))) : undefined;
  const moved = ended === undefined ? 0 : ended.succeeded + ended.failed + ended.inDoubt;
  const perMs = pace(moved, record, now);
  return {
    ...{ of, count, parallel, ...counts },
    endedPerSecond: perMs === undefined ? null : perMs * 1000,
    msLeft: perMs === undefined ? null : (counts.running + counts.left) / perMs,
  };
}

/** Whether the run that sees to the task has executed a child, or does. */
function isOfRun({ run }: SplitTask): (child: Child) => child is Exclude<Child, { damaged: PartyError }> {
  return (child): child is Exclude<Child, { damaged: PartyError }> =>
    child.damaged === undefined && (child.run ?? child.lastRun) === run;
}

/** How far the children have come together, and at what pace in the run that sees to them. */
export function progressOfSplit(
  record: SplitTask,
  { children, isUnderWay }: SplitView,
  now: number,
): TaskProgress | null {
  const progress = progressOfChildren(children);
  if (progress === undefined) return null;
  const moved = children
    .filter(isOfRun(record))
    .reduce((sum, { progress: own }) => sum + (own?.done ?? 0) - (own?.before ?? 0), 0);
  return paced(progress, isUnderWay ? moved : 0, record, now);
}

/** How far a task or a child has come, and at what pace while it is being executed. */
export function progressOf(record: Attempted | undefined, now: number): TaskProgress | null {
  if (record?.progress === undefined) return null;
  const { done, before = 0 } = record.progress;
  return paced(record.progress, record.state === 'running' ? done - before : 0, record, now);
}

function paced(
  { done, total }: NonNullable<TaskRecord['progress']>,
  moved: number,
  record: Timed & { readonly rate?: number | undefined },
  now: number,
): TaskProgress {
  const measured = pace(moved, record, now);
  // A person may have set the rate since.
  const { rate = Number.POSITIVE_INFINITY } = record;
  const perMs = measured && Math.min(measured, rate / 1000);
  return {
    done,
    total: total ?? null,
    itemsPerSecond: perMs === undefined ? null : perMs * 1000,
    msLeft: perMs === undefined || total === undefined ? null : Math.max(0, total - done) / perMs,
  };
}

type Timed = Pick<TaskRecord, 'beganAt' | 'startedAt'>;

/** What moved per millisecond since the record began; the first moments say nothing of it. */
function pace(moved: number, { beganAt, startedAt }: Timed, now: number): number | undefined {
  const began = beganAt ?? startedAt;
  if (began === undefined || moved <= 0) return undefined;
  const elapsed = now - Date.parse(began);
  return elapsed < TELLING_MS ? undefined : moved / elapsed;
}

/** What the records of tasks and of children have in common. */
type Attempted = Omit<ChildListing, 'key' | 'shard' | 'state'> & {
  readonly state: TaskState;
  readonly rate?: number | undefined;
};

/** What people are shown of a record, whether a task's or a child's. */
export function attemptStatus(
  record: Attempted | undefined,
  now: number,
): Omit<ChildStatus, 'number' | 'key' | 'shard' | 'state'> {
  return {
    attempt: record?.attempt ?? 0,
    lastRun: record?.run ?? record?.lastRun ?? null,
    startedAt: record?.beganAt ?? record?.startedAt ?? null,
    finishedAt: record?.finishedAt ?? null,
    durationMs: (record && duration(record)) ?? null,
    progress: progressOf(record, now),
    result: record?.result ?? null,
    error: record?.error ?? null,
    reason: record?.reason ?? null,
  };
}

export function childStatus(child: ListedChild, now: number): ChildStatus {
  if (child.damaged !== undefined) {
    const { number, damaged, key = String(number) } = child;
    const name = { number, key, shard: null };
    return { ...name, state: 'damaged', ...attemptStatus(undefined, now), reason: damaged.message };
  }
  const { number, key, shard, state } = child;
  const isStale = state === 'running' && leaseEnd(child) < now;
  const name = { number, key: key ?? String(number), shard: shard ?? null };
  return { ...name, state: isStale ? 'stale' : state, ...attemptStatus(child, now) };
}
