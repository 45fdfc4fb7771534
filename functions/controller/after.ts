import type { EarlierTask, RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';

/** Those of the earlier tasks that have not succeeded, nor were dismissed by a person. */
export function unmet(
  task: SelectedTask,
  run: RunRecord,
  records: ReadonlyMap<string, TaskRecord>,
): EarlierTask[] {
  return (task.after ?? []).filter(({ version }) => {
    const key = versionKey(version);
    const record = records.get(key);
    const again = run.selection?.some(
      (selected) => selected.when === 'every-deploy' && versionKey(selected.version) === key,
    );
    if (again !== true || record?.state === 'skipped') return !isMet(record);
    return record?.state !== 'succeeded' || record.lastRun !== run.runId;
  });
}

/** Whether what comes after this task may begin. */
export function isMet(record: TaskRecord | undefined): boolean {
  return record?.succeededAt !== undefined || record?.state === 'skipped' || record?.state === 'baselined';
}

/** Why the task cannot run yet, as a sentence without a full stop. */
export function unmetText(
  task: SelectedTask,
  missing: readonly EarlierTask[],
  records: ReadonlyMap<string, TaskRecord>,
): string {
  const named = missing.map((earlier) => {
    const state = records.get(versionKey(earlier.version))?.state ?? 'pending';
    return `${idOf(earlier)} (${state})`;
  });
  const has = missing.length === 1 ? 'has' : 'have';
  return `task ${idOf(task)} must run after ${named.join(' and ')}, which ${has} not succeeded`;
}
