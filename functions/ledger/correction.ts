import type { HistoryEntry, TaskRecord } from './records.ts';
import type { Condition, TaskOutcome } from './settlement.ts';
import * as summary from './summary.ts';

const HISTORY_LIMIT = 20;

/** What a person changes about a task that nobody executes. */
export interface Correction {
  readonly kind: 'skip' | 'mark-done' | 'baseline' | 'reset' | 'pause' | 'resume' | 'cancel';
  /** As the task's file has it. */
  readonly version: string;
  readonly name: string;
  /** Who: an ARN as the CLI declares it. */
  readonly by: string;
  readonly reason?: string | undefined;
  /** Of a split task: which of its children was corrected, and what the task has come to with that. */
  readonly child?: {
    readonly name: string;
    readonly outcome: TaskOutcome;
    /** As it was when the outcome was found. */
    readonly task: TaskRecord;
  };
}

const WORDS = {
  skip: 'skipped',
  'mark-done': 'marked as done',
  baseline: 'baselined',
  reset: 'reset',
  pause: 'paused',
  resume: 'resumed',
  cancel: 'cancelled',
} as const;

/** The record as the correction leaves it. */
export function correctedRecord(
  correction: Correction,
  before: TaskRecord | undefined,
  now: string,
): TaskRecord {
  const { kind, version, name, by, reason, child } = correction;
  const why = reason === undefined ? {} : { reason };
  const attempt = before?.attempt ?? 0;
  const what = child === undefined ? WORDS[kind] : `${WORDS[kind]}: ${child.name}`;
  const entry = { attempt, state: what, at: now, by, ...why };
  const audit: TaskRecord = {
    schema: 1,
    version,
    name,
    state: 'pending',
    summary: summary.corrected(what, now, by, reason),
    attempt,
    history: withEntry(before?.history ?? [], entry),
    // Whoever broke off must not find its claim again: the last owner stays, as a mark to compare with.
    ...kept(before, 'owner', 'key', 'shard', 'plan'),
  };
  const past = kept(before, 'startedAt', 'lastRun', 'checksum');
  if (child !== undefined) {
    const { state, result, progress, error, reason: told, logs } = child.outcome;
    return {
      ...audit,
      ...past,
      ...kept(before, 'resetAt', 'deployId', 'finishedAt', 'rate', 'children'),
      state,
      ...(state === 'succeeded' && { succeededAt: now, result }),
      ...(told !== undefined && { reason: told }),
      ...(error !== undefined && { error }),
      ...(logs !== undefined && { logs: [...logs] }),
      ...(progress !== undefined && { progress }),
    };
  }
  const far = kept(
    before,
    ...(['succeededAt', 'resetAt', 'finishedAt', 'deployId'] as const),
    ...(['cursor', 'progress', 'rate', 'children'] as const),
  );
  // What a person says of an attempt does not make it longer.
  const ended = { finishedAt: now, ...kept(before, 'finishedAt') };
  switch (kind) {
    case 'reset':
      return { ...audit, by, ...why, resetAt: now };
    case 'mark-done':
      return { ...audit, by, ...why, ...past, ...ended, state: 'succeeded', succeededAt: now };
    case 'skip':
    case 'baseline':
      return {
        ...audit,
        by,
        ...why,
        ...past,
        ...kept(before, 'succeededAt'),
        ...ended,
        state: WORDS[kind],
      };
    case 'pause':
      return { ...audit, by, ...why, ...past, ...far, state: 'paused' };
    case 'cancel':
      return { ...audit, by, ...why, ...past, ...far, state: 'cancelled' };
    case 'resume':
      // Without a reason, which would say that it was stopped.
      return { ...audit, ...past, ...far, state: hasBegun(before) ? 'interrupted' : 'pending' };
  }
}

function hasBegun(record: TaskRecord | undefined): boolean {
  return record?.cursor !== undefined || record?.children !== undefined;
}

function kept<Name extends keyof TaskRecord>(
  before: TaskRecord | undefined,
  ...names: readonly Name[]
): Partial<Pick<TaskRecord, Name>> {
  const fields: Partial<Pick<TaskRecord, Name>> = {};
  for (const name of names) if (before?.[name] !== undefined) fields[name] = before[name];
  return fields;
}

/** The history with one more entry; the oldest go first. */
export function withEntry(history: readonly HistoryEntry[], entry: HistoryEntry): HistoryEntry[] {
  return [...history, entry].slice(-HISTORY_LIMIT);
}

/** Whether an invocation may still be executing the task, however damaged the rest of its record is. */
export function isHeld(item: Record<string, unknown>, now: string): boolean {
  return item.state === 'running' && Date.parse(String(item.leaseUntil)) >= Date.parse(now);
}

/** What says which child it is stays, whatever else of its record is damaged. */
export function childhood({ key, shard, plan }: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...(key === undefined ? {} : { key }),
    ...(shard === undefined ? {} : { shard }),
    ...(plan === undefined ? {} : { plan }),
  };
}

/** What every transition changes: a correction replaces the whole item, so it must be the one that was read. */
export function unchanged(item: Record<string, unknown> | undefined): Condition {
  const values: Record<string, unknown> = {};
  const conditions = ['state', 'owner', 'summary', 'plan'].map((name) => {
    const value = item?.[name];
    if (value === undefined) return `attribute_not_exists(#${name})`;
    if (typeof value !== 'string') return `attribute_exists(#${name})`;
    values[`:${name}`] = value;
    return `#${name} = :${name}`;
  });
  return { condition: conditions.join(' AND '), values };
}
