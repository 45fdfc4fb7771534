import type { DecideMessage, RunnerReport } from '../workflow-messages.ts';

type Caught = NonNullable<DecideMessage['state']['error']>;

/** What the state machine has in hand after a Run. */
export type RunnerOutcome = { readonly report: RunnerReport } | { readonly error: Caught };

/** An error as Step Functions catches it from Lambda, which puts its document in the Cause. */
export function lambdaError(errorType: string, requestId: string, what: string): Caught {
  const errorMessage = `RequestId: ${requestId} Error: ${what}`;
  return { Error: errorType, Cause: JSON.stringify({ errorType, errorMessage }) };
}
