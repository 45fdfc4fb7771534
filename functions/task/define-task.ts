import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { TaskContext } from './context.ts';
import { type Duration, parseDuration } from './duration.ts';
import type { AddedBy, TaskMiddleware } from './middleware.ts';
import { checkOptions } from './options-check.ts';

/** What may be said of a task. */
export interface TaskOptions<
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
   * With `'at-most-once'` a task that broke off or threw is never retried unasked: it ends `in-doubt`.
   * @default 'at-least-once'
   */
  readonly delivery?: 'at-least-once' | 'at-most-once';
  /**
   * Whether a failure of this task fails the deploy, or is only said and the rest runs.
   * @default - the party's
   */
  readonly onFailure?: 'fail-deploy' | 'continue';
  /**
   * Further tries after a thrown error within one attempt, 2, 4, 8 … at most 60 seconds apart, from 0 to 10.
   * Refused together with `delivery: 'at-most-once'`.
   * @default 0
   */
  readonly retries?: number;
  /**
   * How long all tries together may take, as `'90s'` or `'10m'`.
   * @default - what is left of the runner's own timeout
   */
  readonly timeout?: Duration;
  /** @default - none */
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
   * Middy middlewares around each try of the task. What they set on `request.context` is on the task's context.
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
  /**
   * Does the work. It has succeeded once it returns, also after its signal aborted: throw where work is left.
   * What it returns, as JSON of at most 4 KB, is kept as the result; of anything else, a note that it is not kept.
   */
  run(ctx: TaskContext<StandardSchemaV1.InferOutput<Schema>> & AddedBy<Middlewares>): unknown;
}

const TASK: unique symbol = Symbol.for('after-party.task');

/** A checked task, as `defineTask` returns it; opaque to its author. */
export interface Task {
  readonly [TASK]: 1;
  readonly description: string | undefined;
  readonly when: 'once' | 'every-deploy' | 'manual';
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
  readonly run: (ctx: TaskContext) => unknown;
}

/**
 * Defines a task; the default export of a file `<version>_<name>.ts` in the tasks' folder.
 * @throws TypeError for an unknown option, with the nearest one, and for a value that an option does not take
 */
export function defineTask<
  Schema extends StandardSchemaV1 = StandardSchemaV1<undefined, undefined>,
  const Middlewares extends readonly TaskMiddleware[] = readonly TaskMiddleware[],
>(options: TaskOptions<Schema, Middlewares>): Task {
  checkOptions(options);
  return {
    [TASK]: 1,
    description: options.description,
    when: options.when ?? 'once',
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
    run: (ctx) =>
      options.run(ctx as TaskContext<StandardSchemaV1.InferOutput<Schema>> & AddedBy<Middlewares>),
  };
}

/** Recognises a task that another copy of this package may have made. */
export function isTask(value: unknown): value is Task {
  return typeof value === 'object' && value !== null && TASK in value;
}
