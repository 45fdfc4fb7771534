import type { ManifestTask } from '../../functions/manifest.ts';
import { source } from '../../functions/sources/source.ts';
import { defineTask, type Task } from '../../functions/task/define-task.ts';
import type { AnyTaskOptions } from '../../functions/task/task-options.ts';
import type { Surroundings } from './functions-under-test.ts';
import type { Executor } from './task-functions.ts';
import { CHECKPOINTING, ITEMS, PARALLEL, RETRIED, SHARDS } from './task-pool.ts';

/** A task of the pool, as its module has it in one invocation. */
export function definitionOf(task: ManifestTask, around: Surroundings, executor: Executor): Task {
  const { when, delivery, background = false } = task;
  const work = task.iterates === true ? iterating(around, executor) : running(task, around, executor);
  // Which kinds of options go together is known here, and not to the types.
  return defineTask({
    ...{ when, delivery, background },
    ...work,
    ...splitting(task, around, executor),
  } as AnyTaskOptions);
}

function running({ version }: ManifestTask, { taskFunctions }: Surroundings, executor: Executor): object {
  return {
    retries: version === RETRIED ? 2 : 0,
    run:
      version === CHECKPOINTING
        ? taskFunctions.executeInSteps.bind(taskFunctions, executor)
        : taskFunctions.execute.bind(taskFunctions, executor),
  };
}

function iterating({ scenario, simulation, taskFunctions }: Surroundings, executor: Executor): object {
  const { batchSize, concurrency } = scenario;
  return {
    batchSize,
    concurrency,
    count: () => ITEMS,
    pauseWhile: () => simulation.oneIn(12),
    items: () =>
      source<number>(async function* (cursor) {
        for (let item = Number(cursor ?? 0) + 1; item <= ITEMS; item++) yield [item, item];
      }),
    processBatch: taskFunctions.processItems.bind(taskFunctions, executor),
  };
}

function splitting({ splits }: ManifestTask, { taskFunctions }: Surroundings, executor: Executor): object {
  switch (splits) {
    case 'keys':
      return { forEach: taskFunctions.listKeys.bind(taskFunctions, executor), parallel: PARALLEL };
    case 'shards':
      return { shards: SHARDS, parallel: PARALLEL };
    default:
      return {};
  }
}
