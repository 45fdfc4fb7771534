import type { Claim } from './claim.ts';
import type { Children, RunRecord, SelectedTask, TaskRecord } from './records.ts';
import {
  both,
  type Condition,
  finishUpdate,
  historyAfterDryRun,
  noneBut,
  stillHeld,
  type TaskOutcome,
} from './settlement.ts';
import * as summary from './summary.ts';
import type { ItemKey, Update } from './table.ts';
import { conditionalUpdate } from './update-command.ts';

/** A task whose children are planned. */
export type SplitTask = TaskRecord & { readonly children: Children };

export function isSplit(record: TaskRecord): record is SplitTask {
  return record.children !== undefined;
}

/** What a run does of a task's children: each is a task of its own that runs once. */
export function childTask(task: SelectedTask): SelectedTask {
  const { version, name, onFailure, delivery, childDelivery = delivery } = task;
  return { version, name, onFailure, when: 'once', delivery: childDelivery };
}

/** A task's children are planned: from here on its run sees to them, and no invocation holds it. */
export function fanOutUpdate(
  tableName: string,
  key: ItemKey,
  claim: Claim,
  children: Children,
  now: string,
): Update {
  return conditionalUpdate({
    tableName,
    key,
    set: {
      state: 'fanned-out',
      summary: summary.fannedOut(now, children),
      children,
    },
    remove: ['leaseUntil', 'cursor', 'progress'],
    ...stillHeld(claim),
  });
}

/** A run takes over a task whose children an earlier one has planned, and not all brought to an end. */
export function reopenUpdate(
  tableName: string,
  key: ItemKey,
  record: SplitTask,
  run: RunRecord,
  now: string,
): Update {
  return conditionalUpdate({
    tableName,
    key,
    set: {
      state: 'fanned-out',
      summary: summary.fannedOut(now, record.children),
      run: run.runId,
      startedAt: now,
      beganAt: now,
      deployId: run.deployId,
    },
    increment: 'attempt',
    remove: ['finishedAt', 'result', 'error', 'reason', 'by', 'logs', 'request', 'progress'],
    condition: '#state = :before AND #attempt = :attempt AND #children.#plan = :plan',
    values: { ':before': record.state, ':attempt': record.attempt, ':plan': record.children.plan },
  });
}

/**
 * What no invocation holds is settled by somebody else: a task by its children, a child by what keeps it from being
 * begun. A success beats a request, as of any task.
 */
export function settleUpdate(
  tableName: string,
  key: ItemKey,
  record: TaskRecord,
  outcome: TaskOutcome,
  now: string,
  { runId, dryRun }: Pick<RunRecord, 'runId' | 'dryRun'>,
): Update {
  const { state, attempt, history, startedAt = now, beganAt = startedAt, children } = record;
  const attempted = { attempt, beganAt, history, runId, children };
  const unchanged: Condition = {
    condition: '#state = :before AND #attempt = :attempt',
    values: { ':before': state, ':attempt': attempt },
  };
  if (dryRun === true) {
    const set = { history: historyAfterDryRun(attempted, outcome, now), lastRun: runId };
    return conditionalUpdate({ tableName, key, set, ...unchanged });
  }
  const holds = outcome.state === 'succeeded' ? unchanged : both(unchanged, noneBut(record.request));
  return finishUpdate(tableName, key, attempted, outcome, now, holds);
}
