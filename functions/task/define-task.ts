import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { RunContext, TaskContext } from './context.ts';
import { parseDuration } from './duration.ts';
import type { TaskMiddleware } from './middleware.ts';
import { checkOptions } from './options-check.ts';
import type { Source } from './source.ts';
import type { AnyTaskOptions, KeyTaskOptions, ShardTaskOptions, TaskOptions } from './task-options.ts';

const TASK: unique symbol = Symbol.for('after-party.task');
const BATCH_SIZE = 100;
const PARALLEL = 10;

/** Into what a task is split, and how many of it are executed at a time. */
export type TaskSplit = { readonly parallel: number } & (
  | { readonly of: 'shards'; readonly count: number }
  | { readonly of: 'keys'; readonly keys: (ctx: TaskContext) => unknown }
);

/** How a task goes through its items. */
export interface TaskItems {
  readonly source: (ctx: TaskContext) => Promise<Source<unknown>>;
  /** Takes one item where the task processes them one by one. */
  readonly process: (items: readonly unknown[], ctx: TaskContext) => unknown;
  readonly batchSize: number;
  readonly count: ((ctx: TaskContext) => unknown) | undefined;
  readonly concurrency: number;
  /** Items per second. */
  readonly rate: number | undefined;
  readonly pauseWhile: ((ctx: TaskContext) => unknown) | undefined;
}

/** A checked task, as `defineTask` returns it; opaque to its author. It has either `run` or `items`. */
export type Task = TaskSettings &
  (
    | { readonly run: (ctx: RunContext) => unknown; readonly items: undefined }
    | { readonly run: undefined; readonly items: TaskItems }
  );

interface TaskSettings {
  readonly [TASK]: 1;
  readonly description: string | undefined;
  readonly when: 'once' | 'every-deploy' | 'manual';
  readonly background: boolean;
  /** Names of the tasks that must have succeeded first. */
  readonly after: readonly string[];
  readonly split: TaskSplit | undefined;
  readonly delivery: 'at-least-once' | 'at-most-once';
  readonly onFailure: 'fail-deploy' | 'continue' | undefined;
  readonly retries: number;
  readonly timeoutSeconds: number | undefined;
  readonly tags: readonly string[];
  readonly environments: readonly string[] | undefined;
  readonly newEnvironment: 'run' | 'baseline' | undefined;
  readonly middleware: readonly TaskMiddleware[];
  readonly params: StandardSchemaV1 | undefined;
  readonly secretParams: readonly string[];
}

/**
 * Defines a task; the default export of a file `<version>_<name>.ts` in the tasks' folder.
 * @throws TypeError for an unknown option, with the nearest one, for a value that an option does not take, and for
 * options that contradict each other
 */
export function defineTask<
  Schema extends StandardSchemaV1 = StandardSchemaV1<undefined, undefined>,
  const Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
  Item = unknown,
>(options: KeyTaskOptions<Schema, Middlewares, Item>): Task;
// One signature for each kind: TypeScript does not infer the context from whether a function is given.
export function defineTask<
  Schema extends StandardSchemaV1 = StandardSchemaV1<undefined, undefined>,
  const Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
  Item = unknown,
>(options: ShardTaskOptions<Schema, Middlewares, Item>): Task;
// The last takes each of them, since what is wrong is said of the last.
export function defineTask<
  Schema extends StandardSchemaV1 = StandardSchemaV1<undefined, undefined>,
  const Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
  Item = unknown,
>(options: AnyTaskOptions<Schema, Middlewares, Item>): Task;
export function defineTask(given: AnyTaskOptions): Task {
  checkOptions(given);
  // The runner gives the params and the fields that the types promise; it knows no types of the author's.
  const options = given as TaskOptions;
  const settings: TaskSettings = {
    [TASK]: 1,
    description: options.description,
    when: options.when ?? 'once',
    background: options.background ?? false,
    after: options.after ?? [],
    split: splitOf(given),
    delivery: options.delivery ?? 'at-least-once',
    onFailure: options.onFailure,
    retries: options.retries ?? 0,
    timeoutSeconds: options.timeout === undefined ? undefined : parseDuration(options.timeout),
    tags: options.tags ?? [],
    environments: options.environments,
    newEnvironment: options.newEnvironment,
    middleware: options.middleware ?? [],
    params: options.params,
    secretParams: options.secretParams ?? [],
  };
  return options.run === undefined
    ? { ...settings, run: undefined, items: itemsOf(options) }
    : { ...settings, run: (ctx) => options.run(ctx), items: undefined };
}

function splitOf(options: AnyTaskOptions): TaskSplit | undefined {
  const { shards, parallel = PARALLEL } = options;
  if (shards !== undefined) return { of: 'shards', count: shards, parallel };
  if (options.forEach === undefined) return undefined;
  return { of: 'keys', keys: (ctx) => options.forEach(ctx), parallel };
}

function itemsOf(options: Exclude<TaskOptions, { run(...args: never): unknown }>): TaskItems {
  const { items, count, pauseWhile } = options;
  return {
    source: async (ctx) => (typeof items === 'function' ? items(ctx) : items),
    process:
      options.process === undefined
        ? (batch, ctx) => options.processBatch(batch, ctx)
        : ([item], ctx) => options.process(item, ctx),
    batchSize: options.process === undefined ? (options.batchSize ?? BATCH_SIZE) : 1,
    count: count === undefined ? undefined : (ctx) => options.count?.(ctx),
    concurrency: options.concurrency ?? 1,
    rate: options.rate,
    pauseWhile: pauseWhile === undefined ? undefined : (ctx) => options.pauseWhile?.(ctx),
  };
}

/** Recognises a task that another copy of this package may have made. */
export function isTask(value: unknown): value is Task {
  return typeof value === 'object' && value !== null && TASK in value;
}
