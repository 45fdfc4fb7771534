import * as v from 'valibot';
import { VERSION_PATTERN } from './task/version.ts';

/**
 * The messages between the workflow, the controller and the runner. An execution may be days older than the
 * functions that it calls, so each carries its format's version and is checked on arrival.
 */
const version = v.literal(1);

/** The ids of runs are state machine execution names too: 32 hex digits. */
export const runIdSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, 'is not 32 hex digits'));

const taskVersion = v.pipe(v.string(), v.regex(VERSION_PATTERN));
const childNumber = v.pipe(v.number(), v.integer(), v.minValue(1));
const share = v.pipe(v.number(), v.gtValue(0), v.maxValue(1));

/** What one runner invocation is told to execute, in this order. */
export const workSchema = v.object({
  v: version,
  runId: runIdSchema,
  /** Ledger keys of the tasks; none: it is only to see whether it reaches the ledger. */
  versions: v.array(taskVersion),
  /** The child of the only one of them that is to be executed, by its number. */
  child: v.optional(childNumber),
  /** How much of the task's rate is the child's. */
  share: v.optional(share),
  /** How many attempts at the first of them, or at the child, came before. */
  attempt: v.optional(v.pipe(v.number(), v.integer())),
  /** How long the workflow waits for the invocation. */
  timeoutSeconds: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** When the runner aborts what it is doing; ISO 8601. */
  deadline: v.optional(v.pipe(v.string(), v.isoTimestamp())),
});
export type Work = v.InferOutput<typeof workSchema>;

/** What the runner says of an invocation that ended in order; what became of the tasks is in the ledger. */
const runnerReportSchema = v.object({
  v: version,
  runId: runIdSchema,
  /** Why nothing was begun: a message per task whose params were refused. */
  paramsRefused: v.optional(v.array(v.object({ version: v.string(), message: v.string() }))),
  /** A task that the deployed bundle does not hold. */
  missing: v.optional(v.string()),
  /** Why the ledger could not be reached, where that was asked. */
  unreached: v.optional(v.string()),
});
export type RunnerReport = v.InferOutput<typeof runnerReportSchema>;

/** What came of a check of the runner; neither: it works. */
export const runnerCheckSchema = v.object({
  /** Why it does not reach the ledger. */
  unreached: v.optional(v.string()),
  /** Why it cannot be called or does not load. */
  broken: v.optional(v.string()),
});
export type RunnerCheck = v.InferOutput<typeof runnerCheckSchema>;

/** What the workflow hands to Decide: nothing but the run's id at first, then the last step and its end. */
export const decideMessageSchema = v.object({
  v: version,
  request: v.literal('decide'),
  state: v.object({
    v: version,
    runId: runIdSchema,
    /** What the runner was told, after a Run. */
    work: v.optional(workSchema),
    /** The runner's answer, after a Run that ended in order. */
    report: v.optional(runnerReportSchema),
    /** What Step Functions caught, after a Run that did not. */
    error: v.optional(v.object({ Error: v.string(), Cause: v.optional(v.string()) })),
    /** How many steps of this execution came before. */
    steps: v.optional(v.pipe(v.number(), v.integer())),
    /** How many executions of this run came before. */
    generation: v.optional(v.pipe(v.number(), v.integer())),
    /** In the execution of one child: whose, its number, and how much of the task's rate is its. */
    version: v.optional(taskVersion),
    child: v.optional(childNumber),
    share: v.optional(share),
    /** Whether this is no run, but a check of the runner. */
    check: v.optional(v.literal(true)),
  }),
});
export type DecideMessage = v.InferOutput<typeof decideMessageSchema>;

/** What the workflow hands back to Decide as it is: how far an execution has come, and for which child it is. */
export interface Thread {
  steps?: number;
  generation?: number;
  version?: string;
  child?: number;
  share?: number;
  check?: true;
}

/** What Decide answers; `action` is what the workflow's Choice looks at. */
export type Decision =
  | ({ v: 1; runId: string; action: 'run'; work: Work } & Thread)
  | ({ v: 1; runId: string; action: 'wait'; seconds: number } & Thread)
  | FanOut
  /** Of a child: its run no longer wants it executed, nor any other of its task that has not begun. */
  | { v: 1; runId: string; action: 'stop' }
  | ({ v: 1; runId: string; action: 'end' } & RunnerCheck);

/** Has each of these children of a task executed, in an execution of its own, so many at a time. */
export interface FanOut extends Thread {
  v: 1;
  runId: string;
  action: 'fan-out';
  version: string;
  children: number[];
  parallel: number;
  share: number;
}
