import type { Progress, RecordedError, TaskOutcome } from '../ledger/index.ts';
import { Attempt } from '../runner/attempt.ts';
import { captureConsole } from '../runner/console-capture.ts';
import { isTask, type Task } from '../task/define-task.ts';
import type { Json, Shard } from '../task/source.ts';
import { observedTask } from './observed-task.ts';
import { checkRunTaskOptions } from './options-check.ts';
import { heldTask, ProcessEnd } from './test-attempt.ts';
import { TestClock } from './test-clock.ts';
import { TestLedger } from './test-ledger.ts';

/** With what a task is run. */
export interface RunTaskOptions {
  /**
   * The task's variables; reading another one throws, as it does where it is deployed.
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * As `invoke --params` hands them over: they go through the task's schema.
   * @default - none
   */
  readonly params?: Readonly<Record<string, unknown>>;
  /**
   * From where to go on: the `cursor` of an earlier result, or what was given to `checkpoint`.
   * @default - the beginning
   */
  readonly cursor?: Json | undefined;
  /**
   * How far an earlier run had come: the `progress` of its result, so that items are counted on from there.
   * @default - nothing was done
   */
  readonly progress?: Progress | undefined;
  /**
   * Ends the invocation's time once so many items are completed or so many checkpoints made. What is being
   * processed then is finished, `checkpoint` answers false, and the task is `interrupted` with its cursor.
   * @default - there is time for all
   */
  readonly stopAfter?: number;
  /**
   * Items to process in place of those of the task's source, whose `count` is not asked then.
   * @default - the task's own source is read
   */
  readonly items?: readonly unknown[];
  /**
   * Runs the child of a `forEach` task for this key.
   * @default - `forEach` is asked for the keys, and the result lists the children
   */
  readonly key?: string;
  /**
   * Runs this shard of a task with `shards`; index from 0.
   * @default - the result lists the children
   */
  readonly shard?: Shard;
  /** @default false */
  readonly dryRun?: boolean;
  /** @default 'test' */
  readonly environmentName?: string;
  /**
   * How many attempts there have been, with this one.
   * @default 1
   */
  readonly attempt?: number;
  /**
   * The context's `idempotencyKey`, to tell work that was begun anew from a further attempt at the same.
   * @default - the same for each run of a task, or of a child of it
   */
  readonly idempotencyKey?: string;
  /**
   * Cancels the task when it aborts, as a person does: the task's own signal aborts, and it ends `cancelled`.
   * @default - nobody cancels it
   */
  readonly signal?: AbortSignal;
  /**
   * Tasks that the run has executed before this one: `deploy.summary()` tells of them.
   * @default - none
   */
  readonly tasksBefore?: readonly TaskBefore[];
  /**
   * Is called with each log line at once, such as `console.log`.
   * @default - the lines are in the result alone
   */
  readonly onLog?: (line: LogLine) => void;
}

/** A task that the run has executed before. */
export interface TaskBefore {
  readonly version: string;
  readonly name: string;
  readonly state: TaskOutcome['state'];
  readonly result?: unknown;
}

/** A line of the task's log: what it logged or wrote to `console`, and what the runner says of it. */
export interface LogLine {
  /** Lines of level `debug` are only there where the variable POWERTOOLS_LOG_LEVEL says so, as on Lambda. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** Further fields of the line. */
  readonly [field: string]: unknown;
}

/** What came of a task. */
export interface TaskRun {
  /**
   * As the ledger would have it; `fanned-out` where the task was split into `children`. A task that throws does
   * not make `runTask` throw: it is `failed`, or `in-doubt` with `delivery: 'at-most-once'`.
   */
  readonly state: TaskOutcome['state'] | 'fanned-out';
  /** As the ledger keeps it: JSON of at most 4 KB. */
  readonly result?: unknown;
  /** What the task threw. */
  readonly error?: RecordedError;
  /** Why the task ended, where it threw nothing. */
  readonly reason?: string;
  /** From where a further run goes on. */
  readonly cursor?: Json;
  /** How far it has come, earlier runs included. */
  readonly progress?: Progress;
  /** How many items this run completed. */
  readonly processed: number;
  /** In the order in which they were logged. */
  readonly logs: readonly LogLine[];
  /** Into what a task with `forEach` or `shards` was split; its children are run one by one. */
  readonly children?: readonly ({ readonly key: string } | { readonly shard: Shard })[];
}

/**
 * Runs a task once as the runner would in one invocation, middlewares and retries included, without AWS. Pauses
 * between tries and those that a `rate` makes pass at once; a task that goes on holding itself back by `pauseWhile`
 * is `interrupted`. What a task throws is in the result.
 * @throws TypeError for what is no task, and for options that the task has no use for
 */
export async function runTask(task: Task, options: RunTaskOptions = {}): Promise<TaskRun> {
  if (!isTask(task)) {
    throw new TypeError(
      "runTask was given what is no task: give it what defineTask returns, the default export of the task's file",
    );
  }
  checkRunTaskOptions(task, options);
  const clock = new TestClock(options.stopAfter);
  const ledger = new TestLedger(clock, options);
  const logs: LogLine[] = [];
  const print = (line: string): void => {
    const said = logLine(line);
    logs.push(said);
    options.onLog?.(said);
  };
  const release = captureConsole();
  try {
    await new Attempt(heldTask(observedTask(task, options, clock), { options, clock, ledger, print })).make();
  } catch (error) {
    // It only says that the runner's process would have ended; what came of the task is recorded before.
    if (!(error instanceof ProcessEnd)) throw error;
  } finally {
    release();
  }
  return { ...ledger.outcome, processed: clock.processed, logs };
}

const IDENTITY = ['timestamp', 'service', 'version', 'task', 'run', 'attempt', 'key', 'shard'];

function logLine(line: string): LogLine {
  const fields = Object.entries(JSON.parse(line) as Record<string, unknown>);
  const own = fields.filter(([name]) => !IDENTITY.includes(name));
  const said = Object.fromEntries(own) as LogLine;
  return { ...said, level: String(said.level).toLowerCase() as LogLine['level'] };
}
