import type { DecideMessage, RunnerReport } from '../workflow-messages.ts';

type Caught = NonNullable<DecideMessage['state']['error']>;

/** What the state machine has in hand after a Run. */
export type RunnerOutcome = { readonly report: RunnerReport } | { readonly error: Caught };

/** An error as Step Functions catches it from Lambda, which puts its document in the Cause. */
export function lambdaError(errorType: string, requestId: string, what: string): Caught {
  const errorMessage = `RequestId: ${requestId} Error: ${what}`;
  return { Error: errorType, Cause: JSON.stringify({ errorType, errorMessage }) };
}

/**
 * The process that drives a run has ended, or is about to.
 * @param requestId of the invocation whose runner ends with it
 */
export function driverEnded(requestId?: string): Caught {
  const what = 'the process that drove the run ended';
  return requestId === undefined
    ? { Error: 'Driver.Ended', Cause: what }
    : lambdaError('Driver.Ended', requestId, what);
}

/** How a process ended, in Lambda's words; but there `signal: killed` is what too little memory comes to. */
export function exitText(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGABRT') return 'Runtime exited with error: signal: aborted';
  if (signal !== null) return `Runtime exited with error: signal: ${signal}`;
  return code === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${code}`;
}
