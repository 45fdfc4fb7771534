import middy from '@middy/core';
import { isPartyError, messageOf, PartyError } from '../errors.ts';
import type { Task } from '../task/define-task.ts';
import type { TaskRequest } from '../task/middleware.ts';
import type { TryContext } from './task-context.ts';
import { sleep } from './timers.ts';

const LONGEST_PAUSE = 60;

/** How long to wait after a try that failed, in seconds. */
export function pauseAfter(attempt: number): number {
  return Math.min(2 ** attempt, LONGEST_PAUSE);
}

/** How the tries of a task are made. */
export interface Tries {
  readonly task: Task;
  readonly retries: number;
  /** The unit of the pauses, in milliseconds. */
  readonly second: number;
  readonly signal: AbortSignal;
  readonly createContext: () => TryContext;
  /** The task's own part. */
  readonly body: (context: TryContext) => unknown;
}

/**
 * Runs the task until a try of it returns.
 * @returns what the task's own part returned
 * @throws what the last try threw
 */
export async function tryTask(tries: Tries): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const context = tries.createContext();
    try {
      return await tryOnce(tries, context);
    } catch (error) {
      const isFinal = isPartyError(error) && error.code === NOT_RETURNED;
      if (isFinal || attempt > tries.retries || tries.signal.aborted) throw error;
      const pause = pauseAfter(attempt);
      context.logger.warn(`try ${attempt} failed, the next is in ${pause} s`, { error: messageOf(error) });
      await sleep(pause * tries.second, undefined, { signal: tries.signal }).catch(() => {
        throw error;
      });
    }
  }
}

const NOT_RETURNED = 'task-not-returned';

/** One try, with the middlewares around it. Only what the task's function itself returned counts as done. */
async function tryOnce({ task, body: execute }: Tries, context: TryContext): Promise<unknown> {
  const body: { returned?: { value: unknown }; threw?: { error: unknown } } = {};
  const handler = middy<TaskRequest['event'], unknown>(
    async () => {
      try {
        const value = await execute(context);
        body.returned = { value };
        return value;
      } catch (error) {
        body.threw = { error };
        throw error;
      }
    },
    { timeoutEarlyInMillis: 0 },
  );
  for (const middleware of task.middleware) handler.use(middleware as middy.MiddlewareObj);
  const { version, name, attempt } = context;
  await handler({ version, name, attempt }, context);
  if (body.returned !== undefined) return body.returned.value;
  if (body.threw !== undefined) {
    throw new PartyError(
      NOT_RETURNED,
      `a middleware swallowed the error of the task: ${messageOf(body.threw.error)}`,
      'let its onError return nothing',
      { cause: body.threw.error },
    );
  }
  throw new PartyError(
    NOT_RETURNED,
    'a middleware returned before the task ran',
    'let its before return nothing, and its onError too',
  );
}
