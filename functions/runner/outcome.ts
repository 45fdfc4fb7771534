import type { TaskOutcome } from '../ledger/index.ts';
import type { ProcessEnd } from './process-guard.ts';
import { recordError } from './recorded-error.ts';
import { recordResult } from './recorded-result.ts';
import type { Redactor } from './redaction.ts';
import type { Stop } from './stop-signal.ts';
import type { TaskFile } from './task-file.ts';

/** How the execution of a task ended. */
export type Ending = { readonly began: boolean } & (
  | { readonly how: 'returned'; readonly value: unknown }
  | { readonly how: 'threw'; readonly error: unknown }
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
  readonly redactor: Redactor;
  readonly logs: readonly string[];
}

/** What the ledger is told. A task that returned has succeeded, however late a cancel came. */
export function outcomeOf(ending: Ending, judgement: Judgement): TaskOutcome {
  const { file, delivery, stop, redactor, logs } = judgement;
  if (ending.how === 'returned') return { state: 'succeeded', result: recordResult(ending.value, redactor) };

  const isAbort = 'error' in ending && ending.error instanceof Error && ending.error.name === 'AbortError';
  const error =
    !('error' in ending) || (stop !== undefined && isAbort)
      ? undefined
      : recordError(ending.error, file.file, redactor);
  const reason = reasonOf(ending, stop, error?.message);
  const wasCancelled = stop?.state === 'cancelled' && ending.how !== 'process-end';
  return {
    state: delivery === 'at-most-once' && ending.began ? 'in-doubt' : wasCancelled ? 'cancelled' : 'failed',
    ...(error === undefined ? {} : { error }),
    ...(reason === undefined ? {} : { reason: redactor.redact(reason) }),
    ...(wasCancelled && stop.by !== undefined ? { by: stop.by } : {}),
    logs,
  };
}

/** Whole by itself: where there is a reason, people are shown it before the error. */
function reasonOf(ending: Ending, stop: Stop | undefined, message: string | undefined): string | undefined {
  if (ending.how === 'process-end') {
    return ending.cause === 'process.exit' ? message : `${ending.cause}: ${message}`;
  }
  if (stop === undefined) return undefined;
  if (ending.how === 'unsettled') return `${stop.reason}; it went on all the same, so its process was ended`;
  return message === undefined ? stop.reason : `${stop.reason}; its last error: ${message}`;
}
