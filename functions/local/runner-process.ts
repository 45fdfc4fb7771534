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
  const endAt = Date.now() + event.timeoutMs;
  const context: LambdaContext = {
    awsRequestId: event.requestId,
    functionName: event.functionName,
    getRemainingTimeInMillis: () => endAt - Date.now(),
  };
  answer?.(await invoke(event.work, context));
});

async function invoke(work: unknown, context: LambdaContext): Promise<RunnerAnswer> {
  try {
    const [, , bundle = ''] = process.argv;
    const { handler } = await import(pathToFileURL(bundle).href);
    return { report: await handler(work, context) };
  } catch (error) {
    const [errorType, stack] = error instanceof Error ? [error.name, error.stack ?? ''] : [typeof error, ''];
    return { error: { errorType, errorMessage: messageOf(error), trace: stack.split('\n') } };
  }
}
