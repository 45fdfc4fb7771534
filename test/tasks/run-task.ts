import type { MiddlewareObj } from '@middy/core';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { RunContext, RunSummary, Task } from '../../functions/task/index.ts';

/** Runs a task once, its middlewares around it, on a context with these fields. */
export async function runTask(
  task: Task,
  fields: Partial<RunContext> & { readonly summary?: RunSummary } = {},
): Promise<unknown> {
  const { summary = { tasks: [], succeeded: 0, failed: 0 }, ...given } = fields;
  const silent = () => {};
  const context: RunContext = {
    version: '1',
    name: 'task',
    env: {},
    params: undefined,
    environmentName: 'test',
    deploy: { runId: 'run', trigger: 'deploy', deployId: 'deploy', by: 'test', summary: async () => summary },
    attempt: 1,
    idempotencyKey: 'key',
    dryRun: false,
    cursor: undefined,
    checkpoint: async () => true,
    signal: new AbortController().signal,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    ...given,
  };
  const handler = middy<unknown, unknown>().handler(async (_event, ctx) =>
    task.run?.(ctx as unknown as RunContext),
  );
  return handler.use([...task.middleware] as MiddlewareObj[])({}, { ...context } as unknown as Context);
}
