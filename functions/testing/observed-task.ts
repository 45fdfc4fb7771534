import { list } from '../sources/list.ts';
import type { RunContext, TaskContext } from '../task/context.ts';
import type { Task, TaskItems } from '../task/define-task.ts';
import type { TaskMiddleware } from '../task/middleware.ts';
import type { RunTaskOptions } from './run-task.ts';
import type { TestClock } from './test-clock.ts';

/** The task with what is counted and replaced of it. */
export function observedTask(task: Task, options: RunTaskOptions, clock: TestClock): Task {
  const middleware = [observer(options, clock), ...task.middleware];
  if (task.items === undefined) return { ...task, middleware };
  return { ...task, middleware, items: observedItems(task.items, options, clock) };
}

/** Around all others, so that they too find the context as the test wants it. */
function observer({ idempotencyKey }: RunTaskOptions, clock: TestClock): TaskMiddleware {
  return {
    before({ context }) {
      const { checkpoint } = context as TaskContext & Partial<RunContext>;
      Object.assign(context, {
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(checkpoint && {
          checkpoint: (...given: Parameters<RunContext['checkpoint']>) => {
            clock.checkpoint();
            return checkpoint(...given);
          },
        }),
      });
    },
  };
}

function observedItems(own: TaskItems, { items }: RunTaskOptions, clock: TestClock): TaskItems {
  const { process, pauseWhile } = own;
  return {
    ...own,
    rate: undefined,
    ...(items === undefined ? {} : { source: async () => list(items), count: undefined }),
    process: async (batch, ctx) => {
      const changed = await process(batch, ctx);
      clock.completed(batch.length);
      return changed;
    },
    pauseWhile: pauseWhile && (async (ctx) => clock.heldBack((await pauseWhile(ctx)) === true)),
  };
}
