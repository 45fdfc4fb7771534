import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { KeyContext, RunContext, ShardContext, TaskContext } from './context.ts';
import type { Duration } from './duration.ts';
import type { AddedBy, TaskMiddleware } from './middleware.ts';
import type { Source } from './source.ts';

/** What may be said of any task. */
export interface CommonOptions<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
> {
  /**
   * One line for people.
   * @default - the name from the file, humanised
   */
  readonly description?: string;
  /**
   * `'once'` per environment; on `'every-deploy'`, after the tasks that run once; or only by hand, `'manual'`.
   * @default 'once'
   */
  readonly when?: 'once' | 'every-deploy' | 'manual';
  /**
   * Starts once the stack and its root have committed, in a run of its own, and may take as long as it needs: for
   * long work, and for whatever a rollback would make untrue. The deploy does not wait for it, and it fails none.
   * @default false
   */
  readonly background?: boolean;
  /**
   * Names of tasks that must have succeeded first; those that deploys of this environment leave out do not count.
   * A deploy in whose turn one has not fails and names it; a background task waits for those under way.
   * @default - none
   */
  readonly after?: readonly string[];
  /**
   * With `'at-most-once'` a task that broke off or threw is never retried unasked: it ends `in-doubt`. Of a task
   * that is split, each shard or key ends so by itself.
   * @default 'at-least-once'
   */
  readonly delivery?: 'at-least-once' | 'at-most-once';
  /**
   * Whether a failure of this task fails the deploy, or is only said and the rest runs.
   * @default - the party's
   */
  readonly onFailure?: 'fail-deploy' | 'continue';
  /**
   * Further tries after a thrown error within one attempt, 2, 4, 8 … at most 60 seconds apart, from 0 to 10; with
   * `items`, of each item or batch. Refused together with `delivery: 'at-most-once'`.
   * @default 0
   */
  readonly retries?: number;
  /**
   * How long one attempt may take with all its tries, as `'90s'` or `'10m'`. A task that goes on in further
   * invocations has as long in each.
   * @default - what is left of the runner's own timeout
   */
  readonly timeout?: Duration;
  /**
   * Words for people, by which they choose tasks on the command line.
   * @default - none
   */
  readonly tags?: readonly string[];
  /**
   * The environments in which deploys run the task; in the others it runs by hand only.
   * @default - all
   */
  readonly environments?: readonly string[];
  /**
   * Whether a new environment runs the task or records it as `baselined`.
   * @default - the party's
   */
  readonly newEnvironment?: 'run' | 'baseline';
  /**
   * Middy middlewares around each try of the task; with `items`, around all that one invocation does of them. What
   * they set on `request.context` is on the task's context.
   * @default - none
   */
  readonly middleware?: Middlewares;
  /**
   * Any Standard Schema (valibot, zod, arktype …) for `invoke --params`.
   * @default - the task takes no params
   */
  readonly params?: Schema;
  /**
   * Names of top-level params that must never reach a log, `show` or the history.
   * @default - none
   */
  readonly secretParams?: readonly string[];
}

/** A task that does its work as a whole. */
export interface RunOptions<Context> {
  /**
   * Does the work. It has succeeded once it returns, also after its signal aborted: throw where work is left, or
   * return after `checkpoint` answered false.
   * What it returns, as JSON of at most 4 KB, is kept as the result; of anything else, a note that it is not kept.
   */
  run(ctx: Context): unknown;
  readonly items?: never;
  readonly process?: never;
  readonly processBatch?: never;
  readonly count?: never;
  readonly batchSize?: never;
  readonly concurrency?: never;
  readonly rate?: never;
  readonly pauseWhile?: never;
}

/** What may be said of a task that goes through items. */
export interface ItemsOptions<Context, Item> {
  /** What to process: a source of `after-party/sources`, or a function that returns one. */
  readonly items: Source<Item> | ((ctx: Context) => Source<Item> | Promise<Source<Item>>);
  /**
   * About how many items there are; asked once, when the task begins. Where the source splits itself into the
   * task's `shards`, those of all shards together.
   * @default - what the source knows
   */
  count?(ctx: Context): number | undefined | Promise<number | undefined>;
  /**
   * How many items or batches are processed at a time, from 1 to 1000. After a crash or a failure those behind the
   * first unfinished one are processed again.
   * @default 1
   */
  readonly concurrency?: number;
  /**
   * Items per second at most, over 0; of a task that is split, of all that is executed at a time together.
   * @default - as fast as it goes
   */
  readonly rate?: number;
  /**
   * Holds the task back while it returns true; asked at the beginning and from time to time.
   * @default - nothing does
   */
  pauseWhile?(ctx: Context): boolean | Promise<boolean>;
  readonly run?: never;
}

/** A task that processes items one by one. */
export interface ProcessOptions<Context, Item> extends ItemsOptions<Context, Item> {
  /** Processes one item, again if it was interrupted. If it returns a number, that is how many it changed. */
  process(item: Item, ctx: Context): unknown;
  readonly processBatch?: never;
  readonly batchSize?: never;
}

/** A task that processes items in batches. */
export interface ProcessBatchOptions<Context, Item> extends ItemsOptions<Context, Item> {
  /** Processes some items, again if it was interrupted. If it returns a number, that is how many it changed. */
  processBatch(items: readonly Item[], ctx: Context): unknown;
  /**
   * How many items a batch has at most, from 1 to 10,000.
   * @default 100
   */
  readonly batchSize?: number;
  readonly process?: never;
}

/** What may be said of a task that is not split. */
export interface WholeOptions {
  readonly shards?: never;
  readonly forEach?: never;
  readonly parallel?: never;
}

/** What may be said of any task that is split. */
export interface SplitOptions {
  /**
   * How many shards or keys are executed at a time, from 1 to 10,000.
   * @default 10
   */
  readonly parallel?: number;
}

/** What may be said of a task that is split by numbers. */
export interface ShardsOptions extends SplitOptions {
  /**
   * Into how many shards the task is split, from 1 to 10,000. `dynamoScan` reads its shard by itself; whatever
   * else does the work finds its share in `ctx.shard`. A task that is under way keeps the number it began with.
   */
  readonly shards: number;
  readonly forEach?: never;
}

/** What may be said of a task that is split by keys. */
export interface ForEachOptions<Context> extends SplitOptions {
  /**
   * The keys, such as the ids of tenants: the task does its work once for each, with `ctx.key`. Asked once, when
   * the task begins, within its middlewares; each key is a text of at most 4 KB, and there is none twice.
   */
  forEach(ctx: Context): Keys | Promise<Keys>;
  readonly shards?: never;
}

/** A list of keys, a set of them, or a generator. */
export type Keys = Iterable<string> | AsyncIterable<string>;

type WorkOptions<
  Schema extends StandardSchemaV1,
  Middlewares extends readonly TaskMiddleware[],
  Item,
  Own = unknown,
> = CommonOptions<Schema, Middlewares> &
  (
    | RunOptions<RunContext<StandardSchemaV1.InferOutput<Schema>> & AddedBy<Middlewares> & Own>
    | ProcessOptions<TaskContext<StandardSchemaV1.InferOutput<Schema>> & AddedBy<Middlewares> & Own, Item>
    | ProcessBatchOptions<
        TaskContext<StandardSchemaV1.InferOutput<Schema>> & AddedBy<Middlewares> & Own,
        Item
      >
  );

/** What a task says of itself: it has `run`, or `items` with `process` or `processBatch`. */
export type TaskOptions<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
  Item = unknown,
> = WorkOptions<Schema, Middlewares, Item> & WholeOptions;

/** What a task says of itself that is split by `forEach`. */
export type KeyTaskOptions<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
  Item = unknown,
> = WorkOptions<Schema, Middlewares, Item, KeyContext> &
  ForEachOptions<TaskContext<StandardSchemaV1.InferOutput<Schema>> & AddedBy<Middlewares>>;

/** What a task says of itself that is split by `shards`. */
export type ShardTaskOptions<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
  Item = unknown,
> = WorkOptions<Schema, Middlewares, Item, ShardContext> & ShardsOptions;

/** What a task says of itself, whether or not it is split. */
export type AnyTaskOptions<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
  Item = unknown,
> =
  | TaskOptions<Schema, Middlewares, Item>
  | ShardTaskOptions<Schema, Middlewares, Item>
  | KeyTaskOptions<Schema, Middlewares, Item>;
