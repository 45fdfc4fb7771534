import type { Claim } from './claim.ts';
import { withEntry } from './correction.ts';
import {
  type Children,
  type HistoryEntry,
  type Progress,
  type RecordedError,
  type StopRequest,
  type TaskRecord,
  type TaskState,
  taskStates,
} from './records.ts';
import * as summary from './summary.ts';
import type { ItemKey, Update } from './table.ts';
import { conditionalUpdate } from './update-command.ts';

/** How an attempt ended. */
export interface TaskOutcome {
  readonly state: 'succeeded' | 'failed' | 'cancelled' | 'in-doubt' | 'interrupted' | 'paused';
  readonly result?: unknown;
  /** Where the next attempt goes on; forgotten by a success. */
  readonly cursor?: unknown;
  readonly progress?: Progress;
  readonly error?: RecordedError;
  /** Why, where it is no error of the task: a timeout, a crash, a cancel. */
  readonly reason?: string;
  /** Who cancelled it. */
  readonly by?: string;
  /** The last log lines. */
  readonly logs?: readonly string[];
}

const STILL_HELD = '#owner = :token AND #state = :running';

/** What must hold of an item for it to be written. */
export interface Condition {
  readonly condition: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export function stillHeld({ token }: Pick<Claim, 'token'>): Condition {
  return { condition: STILL_HELD, values: { ':token': token, ':running': 'running' } };
}

export function both(one: Condition, other: Condition): Condition {
  return {
    condition: `${one.condition} AND ${other.condition}`,
    values: { ...one.values, ...other.values },
  };
}

/** No request but this one has been made of the task. */
export function noneBut(request: StopRequest | undefined): Condition {
  return request === undefined
    ? { condition: 'attribute_not_exists(#request)', values: {} }
    : {
        condition: '#request.#kind = :kind AND #request.#at = :at',
        values: { ':kind': request.kind, ':at': request.at },
      };
}

/** What an attempt is recorded with besides how it ended. */
export type Attempted = Pick<Claim, 'attempt' | 'beganAt' | 'history'> & {
  readonly runId: string | undefined;
  /** Where it was by its children that it came to this. An attempt of its own leaves none of an earlier plan. */
  readonly children?: Children | undefined;
};

export function finishUpdate(
  tableName: string,
  key: ItemKey,
  attempted: Attempted,
  outcome: TaskOutcome,
  now: string,
  { condition, values }: Condition,
): Update {
  const { state, result, error, reason, by, logs, cursor, progress } = outcome;
  const goesOn = state === 'interrupted' && reason === undefined;
  return conditionalUpdate({
    tableName,
    key,
    set: {
      state,
      summary: summary.ended(state, now, attempted.attempt, reason ?? thrownBy(outcome)),
      finishedAt: now,
      lastRun: attempted.runId,
      // The slices of one task would crowd out all other attempts.
      history: goesOn
        ? [...attempted.history]
        : withEntry(attempted.history, entryOf(attempted, outcome, now)),
      ...(goesOn ? {} : { startedAt: attempted.beganAt, beganAt: undefined }),
      ...(state === 'succeeded' ? { succeededAt: now } : {}),
      result: result === undefined ? undefined : JSON.stringify(result),
      error,
      reason,
      by,
      logs,
      cursor: state === 'succeeded' || cursor === undefined ? undefined : JSON.stringify(cursor),
      progress,
      children: attempted.children,
    },
    remove: ['run', 'leaseUntil', 'request'],
    condition,
    values,
  });
}

/** The item as it was before a dry run, which leaves nothing behind but that it was. */
export function itemAfterDryRun(
  claim: Claim,
  held: TaskRecord,
  outcome: TaskOutcome,
  now: string,
): Record<string, unknown> {
  return {
    ...(claim.previous === 'unknown' ? itemBefore(held) : (claim.previous ?? pendingItem(claim))),
    attempt: claim.attempt,
    lastRun: claim.runId,
    history: historyAfterDryRun(claim, outcome, now),
    // Whoever broke off must not find its claim again.
    owner: claim.token,
  };
}

/** All that a dry run leaves behind. */
export function historyAfterDryRun(attempted: Attempted, outcome: TaskOutcome, now: string): HistoryEntry[] {
  const { result, reason } = outcome;
  const came =
    typeof result === 'string' ? result : result === undefined ? undefined : JSON.stringify(result);
  const said = reason ?? came;
  return withEntry(attempted.history, {
    ...entryOf(attempted, outcome, now),
    state: `${DRY_RUN}${outcome.state}`,
    ...(said === undefined ? {} : { reason: summary.oneLine(said) }),
  });
}

const DRY_RUN = 'dry run: ';

/** The record of a task of which nothing is known yet. */
export function pendingItem({ version, name }: { version: string; name: string }): Record<string, unknown> {
  return { schema: 1, version, name, state: 'pending', summary: 'pending', attempt: 0, history: [] };
}

/** What a claim has left of the item, where the item as it was is not known. */
function itemBefore(held: TaskRecord): Record<string, unknown> {
  const {
    run: _run,
    leaseUntil: _lease,
    beganAt: _began,
    request: _request,
    cursor,
    result: _result,
    ...kept
  } = held;
  const state = stateBefore(held);
  return {
    ...kept,
    state,
    summary: `${state}, as it was before a dry run`,
    ...(cursor === undefined ? {} : { cursor: JSON.stringify(cursor) }),
  };
}

function stateBefore({ history, succeededAt, cursor }: TaskRecord): TaskState {
  const last = history.findLast((entry) => !entry.state.startsWith(DRY_RUN))?.state;
  const state = taskStates.find((known) => known === last);
  if (state !== undefined) return state;
  if (succeededAt !== undefined) return 'succeeded';
  return cursor === undefined ? 'pending' : 'interrupted';
}

function entryOf(attempted: Attempted, outcome: TaskOutcome, now: string): HistoryEntry {
  const { state, by, reason } = outcome;
  const thrown = thrownBy(outcome);
  return {
    attempt: attempted.attempt,
    state,
    at: now,
    startedAt: attempted.beganAt,
    ...(attempted.runId === undefined ? {} : { run: attempted.runId }),
    ...(by === undefined ? {} : { by }),
    ...(thrown === undefined ? {} : { error: summary.oneLine(thrown) }),
    ...(reason === undefined ? {} : { reason: summary.oneLine(reason) }),
  };
}

function thrownBy({ error }: TaskOutcome): string | undefined {
  return error === undefined ? undefined : `${error.name}: ${error.message}`;
}
