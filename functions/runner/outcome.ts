import { messageOf } from '../errors.ts';
import type { Progress, RecordedError, TaskOutcome } from '../ledger/index.ts';
import type { Json } from '../task/source.ts';
import type { ProcessEnd } from './process-guard.ts';
import { recordError, recordText } from './recorded-error.ts';
import { recordResult } from './recorded-result.ts';
import type { Redactor } from './redaction.ts';
import type { Stop } from './stop-signal.ts';
import type { TaskFile } from './task-file.ts';

/** How the execution of a task ended; `isUnderWay` where nobody knows what came of something that had begun. */
export type Ending = { readonly isUnderWay: boolean } & (
  | { readonly how: 'returned'; readonly value: unknown }
  | { readonly how: 'threw'; readonly error: unknown }
  /** It was told to end and did so at a boundary. */
  | { readonly how: 'stopped'; readonly lastError: unknown }
  /** Its signal had aborted, and it did not settle. */
  | { readonly how: 'unsettled' }
  /** Something would have ended the process. */
  | ({ readonly how: 'process-end' } & ProcessEnd)
);

/** What an ending is judged by. */
export interface Judgement {
  readonly file: TaskFile;
  readonly delivery: 'at-least-once' | 'at-most-once';
  /** Why the task was told to end, if it was. */
  readonly stop: Stop | undefined;
  /** Whether it had to end at once. */
  readonly isAborted: boolean;
  readonly cursor: Json | undefined;
  readonly progress: Progress | undefined;
  /** Whether a further invocation would get further than this one. */
  readonly getsOn: boolean;
  /** Where in its items the task failed. */
  readonly failedAt: Pick<RecordedError, 'position' | 'item'> | undefined;
  readonly redactor: Redactor;
  readonly logs: readonly string[];
}

/** What the ledger is told. A task that returned has succeeded, however late a cancel came. */
export function outcomeOf(ending: Ending, judgement: Judgement): TaskOutcome {
  const { file, redactor, logs, cursor, progress, failedAt } = judgement;
  const far = progress === undefined ? {} : { progress };
  if (ending.how === 'returned') {
    return { state: 'succeeded', result: recordResult(ending.value, redactor), ...far };
  }
  const state = stateAfter(ending, judgement);
  const isError = 'error' in ending && !isAbort(ending.error, judgement);
  const error = isError ? { ...recordError(ending.error, file.file, redactor), ...failedAt } : undefined;
  const goesOn = state === 'interrupted' && judgement.stop?.state === 'yielded';
  const reason = goesOn ? undefined : reasonOf(ending, judgement, error?.message);
  const by = state === judgement.stop?.state ? judgement.stop.by : undefined;
  return {
    state,
    ...(error === undefined || goesOn ? {} : { error }),
    ...(reason === undefined ? {} : { reason: recordText(reason, redactor) }),
    ...(by === undefined ? {} : { by }),
    ...(cursor === undefined ? {} : { cursor }),
    ...far,
    logs,
  };
}

function stateAfter(ending: Ending, judgement: Judgement): Exclude<TaskOutcome['state'], 'succeeded'> {
  const { delivery, stop, cursor, getsOn } = judgement;
  if (delivery === 'at-most-once' && ending.isUnderWay) return 'in-doubt';
  if (stop === undefined || ending.how === 'process-end' || isOwnFailure(ending, judgement)) return 'failed';
  if (stop.state === 'yielded') return getsOn ? 'interrupted' : 'failed';
  if (stop.state === 'interrupted') return cursor === undefined ? 'failed' : 'interrupted';
  return stop.state;
}

/** Whether it threw of its own accord: it had been asked to end at its next boundary, but not been aborted. */
function isOwnFailure(ending: Ending, { isAborted }: Judgement): boolean {
  return ending.how === 'threw' && !isAborted;
}

/** Whether it threw only because it was told to end. */
function isAbort(error: unknown, { stop }: Judgement): boolean {
  return stop !== undefined && error instanceof Error && error.name === 'AbortError';
}

/** Whole by itself: where there is a reason, people are shown it before the error. */
function reasonOf(ending: Ending, judgement: Judgement, message: string | undefined): string | undefined {
  const { stop } = judgement;
  if (ending.how === 'process-end') {
    return ending.cause === 'process.exit' ? message : `${ending.cause}: ${message}`;
  }
  if (stop === undefined || isOwnFailure(ending, judgement)) return undefined;
  if (ending.how === 'unsettled') return `${stop.reason}; it went on all the same, so its process was ended`;
  const last =
    ending.how === 'stopped' && ending.lastError !== undefined ? messageOf(ending.lastError) : message;
  return last === undefined ? stop.reason : `${stop.reason}; its last error: ${last}`;
}
