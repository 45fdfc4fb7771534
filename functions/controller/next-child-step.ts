import type { Child } from '../ledger/child-records.ts';
import type { RunRecord, SelectedTask } from '../ledger/records.ts';
import { runningStanding, standingInOwnRun } from './next-step.ts';

/** Where a child stands, seen from one run; as a task does, but that only its task is paused or cancelled. */
export type ChildStands = 'done' | 'ready' | 'running' | 'broken-off' | 'failed';

/** @param task as `childTask` gives it */
export function standingOfChild(task: SelectedTask, child: Child, run: RunRecord, now: number): ChildStands {
  if (child.damaged !== undefined) return 'failed';
  // A dry run leaves it as it was, but for that it was.
  const isExecuting = child.state === 'running' && child.run === run.runId;
  if (run.dryRun === true && child.lastRun === run.runId && !isExecuting) return 'done';
  if (child.state === 'running') return runningStanding(task, child, run, now);
  if (run.children?.includes(child.number) === false) return 'done';
  if (child.state === 'pending') return 'ready';
  if (child.lastRun === run.runId) return standingInOwnRun(child, run);
  if (run.children !== undefined) return 'ready';
  switch (child.state) {
    case 'succeeded':
      return 'done';
    case 'failed':
    case 'interrupted':
    case 'paused':
    case 'cancelled':
      return run.trigger === 'invoke' || child.succeededAt === undefined ? 'ready' : 'done';
    default:
      return run.trigger === 'invoke' ? 'ready' : 'failed';
  }
}
