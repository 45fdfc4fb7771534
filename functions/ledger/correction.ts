import type { HistoryEntry, TaskRecord } from './records.ts';
import * as summary from './summary.ts';

const HISTORY_LIMIT = 20;

/** What a person changes about a task. */
export interface Correction {
  readonly kind: 'skip' | 'mark-done' | 'reset';
  /** As the task's file has it. */
  readonly version: string;
  readonly name: string;
  /** Who: an ARN as the CLI declares it. */
  readonly by: string;
  readonly reason: string;
}

const WORDS = { skip: 'skipped', 'mark-done': 'marked as done', reset: 'reset' } as const;

/** The record as the correction leaves it. */
export function correctedRecord(
  correction: Correction,
  before: TaskRecord | undefined,
  now: string,
): TaskRecord {
  const { kind, version, name, by, reason } = correction;
  const what = WORDS[kind];
  const attempt = before?.attempt ?? 0;
  const audit: TaskRecord = {
    schema: 1,
    version,
    name,
    state: 'pending',
    summary: summary.corrected(what, now, by, reason),
    attempt,
    history: withEntry(before?.history ?? [], { attempt, state: what, at: now, by, reason }),
    by,
    reason,
  };
  // Whoever broke off must not find its claim again: the last owner stays, as a mark to compare with.
  const marked = before?.owner === undefined ? audit : { ...audit, owner: before.owner };
  if (kind === 'reset') return { ...marked, resetAt: now };
  const past = {
    ...marked,
    finishedAt: now,
    ...(before?.startedAt === undefined ? {} : { startedAt: before.startedAt }),
    ...(before?.lastRun === undefined ? {} : { lastRun: before.lastRun }),
    ...(before?.checksum === undefined ? {} : { checksum: before.checksum }),
  };
  if (kind === 'mark-done') return { ...past, state: 'succeeded', succeededAt: now };
  return {
    ...past,
    state: 'skipped',
    ...(before?.succeededAt === undefined ? {} : { succeededAt: before.succeededAt }),
  };
}

/** The history with one more entry; the oldest go first. */
export function withEntry(history: readonly HistoryEntry[], entry: HistoryEntry): HistoryEntry[] {
  return [...history, entry].slice(-HISTORY_LIMIT);
}
