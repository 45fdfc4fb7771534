import type { EarlierTask, RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
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
  const named = missing.map(({ version, name }) => {
    const state = records.get(versionKey(version))?.state ?? 'pending';
    return `${version}_${name} (${state})`;
  });
  const has = missing.length === 1 ? 'has' : 'have';
  return `task ${task.version}_${task.name} must run after ${named.join(' and ')}, which ${has} not succeeded`;
}
