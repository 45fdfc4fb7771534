import type { RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { hasYielded } from './next-step.ts';
import { progressText } from './text.ts';

const NAMED = 5;

/** What a deploy says of its background tasks; undefined where it has none. */
export function backgroundText(run: RunRecord, records: ReadonlyMap<string, TaskRecord>): string | undefined {
  const tasks = run.background ?? [];
  if (tasks.length === 0) return undefined;
  const left = tasks.flatMap((task) => leftAlone(task, records.get(versionKey(task.version))) ?? []);
  const starting = tasks.length - left.length;
  const more = left.length > NAMED ? [`${left.length - NAMED} more are left alone`] : [];
  const parts = [
    ...(starting === 0 ? [] : [`${starting} ${starting === 1 ? 'starts' : 'start'} after the commit`]),
    ...left.slice(0, NAMED),
    ...more,
  ];
  return `Background: ${parts.join(', ')}`;
}

/** What is said of a task that the deploy will find held or stopped; undefined where it starts or goes on with it. */
function leftAlone({ name }: SelectedTask, record: TaskRecord | undefined): string | undefined {
  switch (record?.state) {
    case 'interrupted':
      return hasYielded(record) ? stillRunning(name, record) : undefined;
    case 'running':
    case 'fanned-out':
      return stillRunning(name, record);
    case 'paused':
      return `${name} is paused${comma(progressText(record.progress))}`;
    case 'in-doubt':
      return `${name} is in doubt`;
    default:
      return undefined;
  }
}

function stillRunning(name: string, { progress }: TaskRecord): string {
  return `${name} is still running${comma(progressText(progress))}`;
}

/** Where another run holds the task of this one, in a sentence without a full stop. */
export function heldText(task: SelectedTask, record: TaskRecord | undefined): string {
  const holder = record?.run ?? record?.lastRun;
  const by = holder === undefined ? 'another run' : `run ${holder}`;
  return `task ${idOf(task)} is still running${comma(progressText(record?.progress))}, in ${by}`;
}

function comma(text: string): string {
  return text === '' ? '' : `, ${text}`;
}
