import type { SelectedTask, TaskRecord } from '../ledger/records.ts';
import type { TaskOutcome } from '../ledger/task-records.ts';
import { oneParagraph } from './text.ts';

/** What Step Functions caught when it called the runner. */
export interface Caught {
  readonly Error: string;
  readonly Cause?: string | undefined;
}

/**
 * Errors of Step Functions and of the Lambda service: the workflow stopped waiting, the call was lost on its way,
 * or this one was refused while an earlier one of the same step still runs. Only what the function's own sandbox
 * reports proves that it ended; `Lambda.Unknown` stands for a sandbox that could not say why.
 */
const NOT_THE_SANDBOX = /^(?:States\.(?!TaskFailed$)|Lambda\.(?!Unknown$))/;

export function provesDeath(caught: Caught): boolean {
  return !NOT_THE_SANDBOX.test(caught.Error);
}

/**
 * Whether the invocation that crashed can be the one that holds the task. Step Functions may call the runner
 * twice; Lambda's message names the request that died, and the owner token begins with the holder's.
 */
export function mayHold(caught: Caught, record: TaskRecord): boolean {
  const died = /RequestId: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/.exec(caught.Cause ?? '')?.[1];
  return died === undefined || record.owner === undefined || record.owner.startsWith(`${died}.`);
}

/** How an attempt is recorded whose invocation ended without a word: the next one goes on where it last was seen. */
export function brokenOff(
  task: SelectedTask,
  { cursor, progress }: Pick<TaskRecord, 'cursor' | 'progress'>,
  reason: string,
): TaskOutcome {
  return {
    state: task.delivery === 'at-most-once' ? 'in-doubt' : 'failed',
    reason,
    ...(cursor === undefined ? {} : { cursor }),
    ...(progress === undefined ? {} : { progress }),
  };
}

/** In people's words. */
export const DRIVER_ENDED = 'the process that ran it on this machine ended';

/**
 * On a developer's machine: whoever drove the run ended, and took the runner along. What the invocation had not begun
 * is as it was.
 */
export function diedWithDriver(caught: Caught): boolean {
  return caught.Error === 'Driver.Ended';
}

/** What people are told of an invocation whose lease is over, and which has recorded nothing. */
export const WITHOUT_A_WORD = 'its invocation ended without a word';

/** What people are told of a runner that ended while it held a task. */
export const WHILE_EXECUTING = 'while the task was being executed';

/**
 * In people's words what ended the runner.
 * @param when in words that end the sentence; absent: not said
 */
export function crashReason(caught: Caught, runnerTimeoutSeconds: number, when?: string): string {
  const { message, type } = lambdaError(caught);
  const text = `${type} ${message}`;
  if (/Task timed out|Sandbox\.Timedout|States\.Timeout/.test(text)) {
    return `the runner's timeout of ${runnerTimeoutSeconds} s ended it; raise the timeout of the party, or do less at a time`;
  }
  if (/out of memory|OutOfMemory|heap limit|signal: (?:killed|aborted)/i.test(text)) {
    return 'the runner ran out of memory; raise memorySize of the party, or hold less at a time';
  }
  if (diedWithDriver(caught)) return DRIVER_ENDED;
  const then = when === undefined ? '' : ` ${when}`;
  const signal = signalOf(text);
  if (signal !== undefined) return `the runner's process was ended by ${signal}${then}`;
  const status = /exit(?:ed)?[^0-9]*(?:status|code)[: ]*(\d+)/i.exec(text)?.[1];
  if (type === 'Runtime.ExitError' || status !== undefined) {
    return `the runner's process ended${status === undefined ? '' : ` with exit code ${status}`}${then}`;
  }
  return `the runner crashed: ${oneParagraph(`${type}: ${message}`, 300)}`;
}

/** Why a call of the runner came to nothing that ended before it had claimed a task. */
export function unbegunReason(caught: Caught, runnerTimeoutSeconds: number): string {
  if (!provesDeath(caught)) return `the runner could not be called: ${caught.Error}`;
  const reason = crashReason(caught, runnerTimeoutSeconds, 'before the task had begun');
  const { message } = lambdaError(caught);
  // Whoever kills it says nothing about what is deployed.
  return signalOf(message) === undefined ? `the runner does not load: ${reason}` : reason;
}

/** The signal that a person or another program sent to a runner on a developer's machine. */
function signalOf(text: string): string | undefined {
  return /signal: (SIG[A-Z0-9]+)/.exec(text)?.[1];
}

/** What Lambda's messages begin with, and the runner's; it tells people nothing. */
const REQUEST = /^RequestId: [0-9a-f-]{36} (?:Error: )?/;

/** Lambda puts its error document in the Cause. */
function lambdaError(caught: Caught): { type: string; message: string } {
  const cause = caught.Cause ?? '';
  try {
    const parsed: unknown = JSON.parse(cause);
    if (typeof parsed === 'object' && parsed !== null) {
      const { errorType, errorMessage } = parsed as { errorType?: unknown; errorMessage?: unknown };
      const message = String(errorMessage ?? '').replace(REQUEST, '');
      return { type: String(errorType ?? caught.Error), message };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { type: caught.Error, message: cause };
}
