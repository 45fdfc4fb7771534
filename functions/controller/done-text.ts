import type { RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import { versionKey } from '../task/version.ts';
import { dryRunEntry } from './next-step.ts';
import { counted, progressText, span } from './text.ts';

const NAMED = 5;

type Records = ReadonlyMap<string, TaskRecord>;

/** What a run that ends in order says of its tasks, as one sentence without a full stop. */
export function doneText(run: RunRecord, records: Records): string {
  if (run.dryRun === true) return dryRunText(run, records);
  const ran: string[] = [];
  const left: string[] = [];
  for (const task of run.selection ?? []) {
    const record = records.get(versionKey(task.version));
    if (record === undefined) continue;
    const own = record.lastRun === run.runId;
    if (own && record.state === 'succeeded') ran.push(`${task.name}${cost(record)}`);
    else if (record.state === 'paused' || (own && isStopped(record))) left.push(leftText(task, record));
  }
  const count = ran.length + left.length;
  if (count === 0) {
    if (run.trigger === 'invoke') return 'nothing of it was left to run';
    return `no pending tasks to run${run.background?.length ? ' before the commit' : ''}`;
  }
  return [...(ran.length === 0 ? [] : [`${ran.length} of ${count} ran: ${first(ran)}`]), ...cut(left)].join(
    '; ',
  );
}

function isStopped({ state }: TaskRecord): boolean {
  return state === 'cancelled' || state === 'interrupted';
}

function leftText({ name }: SelectedTask, { state, progress, reason }: TaskRecord): string {
  const far = progress === undefined ? '' : ` at ${progressText(progress)}`;
  if (state === 'interrupted') return `${name} stopped${far}: ${reason}`;
  return `${name} ${state === 'paused' ? 'is paused' : 'was cancelled'}${far}`;
}

function cost(record: TaskRecord): string {
  const milliseconds = duration(record);
  const items = record.progress === undefined ? [] : [counted(record.progress.done, 'item')];
  const parts = [...items, ...(milliseconds === undefined ? [] : [span(milliseconds)])];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function dryRunText(run: RunRecord, records: Records): string {
  const ran = (run.selection ?? []).flatMap((task) => {
    const record = records.get(versionKey(task.version));
    const entry = record && dryRunEntry(record, run);
    if (entry === undefined) return [];
    return [`${task.name}${entry.reason === undefined ? '' : ` (${entry.reason})`}`];
  });
  return `dry run, of which nothing is kept but that it was: ${first(ran)}`;
}

/** How long the last attempt took, in milliseconds. */
export function duration(record: Pick<TaskRecord, 'startedAt' | 'finishedAt'>): number | undefined {
  if (record.startedAt === undefined || record.finishedAt === undefined) return undefined;
  return Math.max(0, Date.parse(record.finishedAt) - Date.parse(record.startedAt));
}

function first(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}

function cut(sentences: readonly string[]): string[] {
  const more = sentences.length > NAMED ? [`${sentences.length - NAMED} more were left alone`] : [];
  return [...sentences.slice(0, NAMED), ...more];
}
