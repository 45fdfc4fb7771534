/** A Lambda sandbox for one invocation: `node runner-process.js <bundle>`, forked. */
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import type { Invocation } from './executions.ts';

/** What the process is sent. */
export interface RunnerEvent extends Invocation {
  readonly functionName: string;
  readonly timeoutMs: number;
}

/** What it says when the invocation begins. */
export interface RunnerLoaded {
  readonly loaded: true;
}

/** What it answers: the handler's answer, or Lambda's document on what it threw. */
export type RunnerAnswer =
  | { readonly report: unknown }
  | {
      readonly error: {
        readonly errorType: string;
        readonly errorMessage: string;
        readonly trace: readonly string[];
      };
    };

interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  getRemainingTimeInMillis(): number;
}

// In a thread of its own: a task that never yields must not outlive the process that started it.
new Worker(new URL(`./end-with-parent${extname(import.meta.url)}`, import.meta.url)).unref();

const answer = process.send?.bind(process);
// Tasks have no business with the channel: what they sent there would pass for the answer.
delete process.send;

process.on('message', async (event: RunnerEvent) => {
  answer?.(await invoke(event));
});

async function invoke({ work, requestId, functionName, timeoutMs }: RunnerEvent): Promise<RunnerAnswer> {
  try {
    const [, , bundle = ''] = process.argv;
    const { handler } = await import(pathToFileURL(bundle).href);
    // As on Lambda, the timeout does not count how long the function takes to load.
    answer?.({ loaded: true } satisfies RunnerLoaded);
    const endAt = Date.now() + timeoutMs;
    const getRemainingTimeInMillis = (): number => endAt - Date.now();
    const context: LambdaContext = { awsRequestId: requestId, functionName, getRemainingTimeInMillis };
    return { report: await handler(work, context) };
  } catch (error) {
    const [errorType, stack] = error instanceof Error ? [error.name, error.stack ?? ''] : [typeof error, ''];
    return { error: { errorType, errorMessage: messageOf(error), trace: stack.split('\n') } };
  }
}
