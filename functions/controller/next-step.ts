import { isSplit, type SplitTask } from '../ledger/fan-out.ts';
import type {
  EarlierTask,
  HistoryEntry,
  RunRecord,
  SelectedTask,
  TaskRecord,
  TaskState,
} from '../ledger/records.ts';
import { versionKey } from '../task/version.ts';
import { unmet } from './after.ts';

/** How many tasks one runner invocation is told at most: their versions travel in the workflow's state. */
const WORK_LIMIT = 1_000;

/** States in which a person has said that deploys leave the task alone. */
const DISMISSED: ReadonlySet<TaskState> = new Set(['skipped', 'cancelled', 'paused']);

/** Where a selected task stands, seen from one run. */
export type Standing =
  /** Settled, by whichever run: nothing to do. */
  | 'done'
  /** May be claimed. */
  | 'ready'
  /** An invocation is executing it. */
  | 'running'
  /** Its invocation is over and said nothing. */
  | 'broken-off'
  /** Its children are planned, and not all at their end. */
  | 'split'
  /** This run executed it, and it failed or was stopped; or it is in doubt. */
  | 'failed';

/** What Decide does next. */
export type Step =
  | { readonly kind: 'run'; readonly versions: readonly string[] }
  | { readonly kind: 'wait'; readonly until: number; readonly task: SelectedTask }
  | { readonly kind: 'settle'; readonly task: SelectedTask; readonly record: TaskRecord }
  | { readonly kind: 'fan-out'; readonly task: SelectedTask; readonly record: SplitTask }
  /** `stopped` is the task that keeps the rest from running, and `unmet` what it has to come after. */
  | {
      readonly kind: 'end';
      readonly stopped: SelectedTask | undefined;
      readonly held: boolean;
      readonly unmet?: readonly EarlierTask[];
    };

export function standing(
  task: SelectedTask,
  record: TaskRecord | undefined,
  run: RunRecord,
  now: number,
): Standing {
  if (record?.state === 'fanned-out') return 'split';
  const stands = record === undefined ? 'ready' : standingUnsplit(task, record, run, now);
  if (stands !== 'ready') return stands;
  if (run.children !== undefined) return hasChosen(run, record) ? 'split' : 'failed';
  return goesOnWithChildren(task, record, run) ? 'split' : 'ready';
}

/** Whether the children that a person chose are those of the plan that the task has: their numbers are of one plan. */
export function hasChosen(run: RunRecord, record: TaskRecord | undefined): record is SplitTask {
  return record !== undefined && isSplit(record) && record.children.plan <= run.startedAt;
}

function standingUnsplit(task: SelectedTask, record: TaskRecord, run: RunRecord, now: number): Standing {
  // First, since a dry run of what had broken off leaves it so.
  const isOwn = record.state === 'running' && record.run === run.runId;
  if (record.lastRun === run.runId && run.dryRun === true && !isOwn) return endOfDryRun(record, run);
  if (record.state === 'running') return runningStanding(task, record, run, now);
  if (record.state === 'pending') return 'ready';
  if (record.lastRun === run.runId) return standingInOwnRun(record, run);
  if (run.trigger === 'invoke') return 'ready';
  if (DISMISSED.has(record.state)) return 'done';
  if (task.when === 'every-deploy') return 'ready';
  if (record.state === 'baselined') return 'done';
  if (record.state === 'in-doubt') return 'failed';
  return record.succeededAt === undefined ? 'ready' : 'done';
}

/** States in which some of a task's children may be left to execute. */
const UNFINISHED: ReadonlySet<TaskState> = new Set([
  ...(['failed', 'interrupted', 'paused', 'cancelled', 'in-doubt'] as const),
]);

/** Whether a run brings the children of an earlier plan to their end, instead of planning anew. */
function goesOnWithChildren(task: SelectedTask, record: TaskRecord | undefined, run: RunRecord): boolean {
  if (record === undefined || !isSplit(record)) return false;
  // New code may no longer split it; and a dry run only tells into what it would be split.
  if (task.childDelivery === undefined || run.fromStart === true || run.dryRun === true) return false;
  // What every deploy runs begins anew with each, unless it was stopped.
  return task.when === 'every-deploy' ? record.state === 'interrupted' : UNFINISHED.has(record.state);
}

/** Where a task or a child stands that an invocation has claimed. */
export function runningStanding(
  task: SelectedTask,
  record: Pick<TaskRecord, 'run' | 'leaseUntil' | 'lastRun' | 'succeededAt'>,
  run: RunRecord,
  now: number,
): 'running' | 'broken-off' | 'ready' {
  if (leaseEnd(record) >= now) return 'running';
  if (record.run === run.runId) return 'broken-off';
  // No claim of a person's run takes what it executed before, and somebody else has broken off since.
  if (run.trigger === 'invoke' && record.lastRun === run.runId) return 'broken-off';
  if (run.trigger === 'invoke' || task.when === 'every-deploy') return 'ready';
  // An at-most-once task may have had its effect, and one that succeeded before was run again by hand:
  // neither is retried unasked, so its record is settled first.
  return task.delivery === 'at-most-once' || record.succeededAt !== undefined ? 'broken-off' : 'ready';
}

/** Where a task or a child stands that this run has executed before. */
export function standingInOwnRun(
  record: Pick<TaskRecord, 'state' | 'reason'>,
  run: RunRecord,
): 'done' | 'ready' | 'failed' {
  switch (record.state) {
    case 'failed':
    case 'in-doubt':
      return 'failed';
    case 'interrupted':
      if (hasYielded(record)) return 'ready';
      return run.limit === undefined ? 'failed' : 'done';
    default:
      return 'done';
  }
}

/** Whether it is between two slices, to go on in the next invocation of its run; what was stopped has a reason. */
export function hasYielded({ state, reason }: Pick<TaskRecord, 'state' | 'reason'>): boolean {
  return state === 'interrupted' && reason === undefined;
}

/** Whether a task that this run has executed failed or was stopped. */
export function hasFailed(record: TaskRecord, run: RunRecord): boolean {
  const stands = run.dryRun === true ? endOfDryRun(record, run) : standingInOwnRun(record, run);
  return stands === 'failed';
}

/** A dry run leaves the record as it was; what came of it is in the history. */
function endOfDryRun(record: TaskRecord, run: RunRecord): Standing {
  const state = dryRunEntry(record, run)?.state;
  return state === 'dry run: failed' || state === 'dry run: in-doubt' ? 'failed' : 'done';
}

/** What the history says of a dry run. */
export function dryRunEntry(record: TaskRecord, run: RunRecord): HistoryEntry | undefined {
  return record.history.findLast((entry) => entry.run === run.runId);
}

/** When an executing invocation is surely over; a record without a lease is over. */
export function leaseEnd(record: Pick<TaskRecord, 'leaseUntil'>): number {
  return record.leaseUntil === undefined ? 0 : Date.parse(record.leaseUntil);
}

/** Whether a run waits for a task that another run executes: a deploy does, up to its deadline. */
export function waitsForOthers({ trigger, parent }: RunRecord): boolean {
  return trigger === 'deploy' && parent === undefined;
}

/** The next step of an open run: tasks in order, none before all earlier ones are settled. */
export function nextStep(run: RunRecord, records: ReadonlyMap<string, TaskRecord>, now: number): Step {
  const cancelled = run.request !== undefined;
  const versions: string[] = [];
  for (const task of run.selection ?? []) {
    const record = records.get(versionKey(task.version));
    const stands = standing(task, record, run, now);
    if (stands === 'done' || (stands === 'failed' && task.onFailure === 'continue')) continue;
    const begins = stands === 'ready' || (stands === 'split' && record?.state !== 'fanned-out');
    const missing = begins && !cancelled ? unmet(task, run, records) : [];
    if (stands === 'ready' && !cancelled && missing.length === 0 && versions.length < WORK_LIMIT) {
      versions.push(versionKey(task.version));
      continue;
    }
    // What it is after may be among those that go first.
    if (versions.length > 0) break;
    if (missing.length > 0 && task.onFailure === 'continue') continue;
    if (missing.length > 0) return { kind: 'end', stopped: task, held: false, unmet: missing };
    if (record !== undefined && stands === 'split' && isSplit(record) && !(begins && cancelled))
      return { kind: 'fan-out', task, record };
    if (record !== undefined && stands === 'broken-off') return { kind: 'settle', task, record };
    if (record !== undefined && stands === 'running') {
      if (record.run !== run.runId && (cancelled || !waitsForOthers(run)))
        return { kind: 'end', stopped: task, held: !cancelled };
      return { kind: 'wait', until: leaseEnd(record), task };
    }
    return { kind: 'end', stopped: task, held: false };
  }
  return versions.length > 0 ? { kind: 'run', versions } : { kind: 'end', stopped: undefined, held: false };
}
