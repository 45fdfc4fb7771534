import type { MiddlewareObj } from '@middy/core';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { Tally } from '../../functions/runner/iteration/tally.ts';
import type { KeyContext } from '../../functions/task/context.ts';
import type { TaskItems } from '../../functions/task/define-task.ts';
import type { RunContext, RunSummary, Task } from '../../functions/task/index.ts';
import { readerOf } from '../../functions/task/source.ts';

type Fields = Partial<RunContext> & Partial<KeyContext> & { readonly summary?: RunSummary };

/** Runs a task once, its middlewares around it, on a context with these fields. */
export async function runTask(task: Task, fields: Fields = {}): Promise<unknown> {
  const context = contextWith(fields);
  const handler = middy<unknown, unknown>().handler(async (_event, ctx) => {
    const taskContext = ctx as unknown as RunContext;
    return task.items === undefined ? task.run(taskContext) : processAll(task.items, taskContext);
  });
  return handler.use([...task.middleware] as MiddlewareObj[])({}, { ...context } as unknown as Context);
}

/** A context with these fields, and harmless ones besides. */
export function contextWith(fields: Fields = {}): RunContext {
  const { summary = { tasks: [], succeeded: 0, failed: 0 }, ...given } = fields;
  const silent = () => {};
  return {
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
}

/** Processes the items one after the other, and returns what the runner would say of them. */
async function processAll({ source, process, batchSize }: TaskItems, ctx: RunContext): Promise<string> {
  const tally = new Tally(undefined, undefined, false);
  const take = async (items: readonly unknown[]): Promise<void> => {
    const changed = await process(items, ctx);
    const completed = { changed: typeof changed === 'number' ? changed : undefined };
    tally.pass({ number: tally.done + 1, items, cursor: null, startedAt: 0, completed });
  };
  let batch: unknown[] = [];
  const reader = readerOf(await source(ctx));
  for await (const [item] of reader.read({ cursor: undefined, signal: ctx.signal })) {
    batch.push(item);
    if (batch.length < batchSize) continue;
    await take(batch);
    batch = [];
  }
  if (batch.length > 0) await take(batch);
  return tally.result;
}
