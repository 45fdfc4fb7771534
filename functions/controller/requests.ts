import * as v from 'valibot';
import type { HistoryEntry, RecordedError } from '../ledger/records.ts';
import { runIdSchema } from '../workflow-messages.ts';

/**
 * What the CLI asks of the controller. `names` are versions, task names or file names as a person typed them;
 * `by` is the caller's STS ARN as the CLI declares it, for the audit.
 */
const by = v.pipe(v.string(), v.minLength(1), v.maxLength(2048));
const reason = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(500));
const names = v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(255))), v.minLength(1));
const version = v.pipe(v.string(), v.regex(/^\d{1,38}$/, 'is no version'));
const one = v.literal(1);
/** Children of one split task as a person named them: its keys, or the numbers of its shards. */
const keys = v.optional(
  v.pipe(v.array(v.pipe(v.string(), v.maxLength(4096))), v.minLength(1), v.maxLength(1000)),
);

/** The task files that the CLI sees on the caller's machine: a task may be corrected before its first deploy. */
const local = v.optional(
  v.array(
    v.object({
      version,
      name: v.pipe(v.string(), v.maxLength(255)),
    }),
  ),
  [],
);

const childNumber = v.pipe(v.number(), v.integer(), v.minValue(1));
const correction = { v: one, names, by, reason, local };
const control = { v: one, names, by, reason: v.optional(reason), local };

export const requestSchema = v.variant('request', [
  v.object({ v: one, request: v.literal('status'), after: v.optional(version) }),
  /** With keys, of those of the only task. */
  v.object({ v: one, request: v.literal('show'), names, local, keys }),
  /** The children of one task in the order of their numbers, or those that have not succeeded, the worst first. */
  v.object({
    v: one,
    request: v.literal('children'),
    names,
    local,
    after: v.optional(childNumber),
    unfinished: v.optional(v.boolean(), false),
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
  /** The run and its tasks as they stand: what `invoke` and `run` poll. */
  v.object({ v: one, request: v.literal('show-run'), runId: runIdSchema }),
  v.object({
    v: one,
    request: v.literal('logs'),
    names,
    since: v.optional(v.pipe(v.string(), v.isoTimestamp())),
    token: v.optional(v.string()),
  }),
  v.object({
    v: one,
    request: v.literal('invoke'),
    runId: runIdSchema,
    names,
    local,
    by,
    /** The only children to execute, of the only task. */
    keys,
    params: v.optional(v.record(v.string(), v.unknown())),
    ifNotSucceeded: v.optional(v.boolean(), false),
    confirmed: v.optional(v.boolean(), false),
    /** Whether to forget how far an earlier run came. */
    fromStart: v.optional(v.boolean(), false),
    /** How many items of each task to process at most. */
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    /** Whether the task is only to say what it would do; nothing is recorded but the attempt. */
    dryRun: v.optional(v.boolean(), false),
  }),
  v.object({
    v: one,
    request: v.literal('run'),
    runId: runIdSchema,
    by,
    all: v.optional(v.boolean(), false),
  }),
  v.object({ v: one, request: v.literal('cancel'), runId: runIdSchema, by, reason: v.optional(reason) }),
  v.object({ ...control, request: v.literal('cancel-task') }),
  v.object({ ...control, request: v.literal('pause') }),
  /** Lets paused tasks go on, in a run of their own. */
  v.object({ ...control, request: v.literal('resume'), runId: runIdSchema }),
  v.object({
    v: one,
    request: v.literal('rate'),
    names,
    by,
    itemsPerSecond: v.pipe(v.number(), v.finite(), v.gtValue(0)),
  }),
  /** Whether the runner loads and reaches the ledger; to be sent again, with the same id, until that is known. */
  v.object({ v: one, request: v.literal('check-runner'), by, runId: runIdSchema }),
  v.object({ ...correction, request: v.literal('skip') }),
  v.object({ ...correction, request: v.literal('mark-done'), keys }),
  v.object({ ...correction, request: v.literal('reset'), keys }),
]);
export type ControllerRequest = v.InferOutput<typeof requestSchema>;

/** A task as `status --json` shows it. Fields are only ever added. */
export interface TaskStatus {
  readonly version: string;
  readonly name: string;
  readonly description: string;
  readonly when: 'once' | 'every-deploy' | 'manual';
  /** Whether deploys start it after their commit. */
  readonly background: boolean;
  readonly state: string;
  /**
   * `changed`, `no-file`, `not-deployed`, `new-environment`, `behind:<name>`, `damaged: …`, `pause-requested`,
   * `cancel-requested`, and `shards-kept:<count>` where its file has another number by now.
   */
  readonly notes: readonly string[];
  readonly attempt: number;
  /** The id of the last run that executed it. */
  readonly lastRun: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly progress: TaskProgress | null;
  /** What it was split into, and how its children stand; null: it was not. */
  readonly split: SplitStatus | null;
  /** Items per second, where a person has set it. */
  readonly rate: number | null;
  readonly result: unknown;
  readonly error: RecordedError | null;
  readonly reason: string | null;
  readonly summary: string;
}

/** How many children of a split task are in which state. */
export interface SplitStatus {
  readonly of: 'shards' | 'keys';
  readonly count: number;
  /** How many are executed at a time. */
  readonly parallel: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly inDoubt: number;
  readonly running: number;
  /** Waiting, or stopped before their end. */
  readonly left: number;
}

/** A child of a split task. Fields are only ever added. */
export interface ChildStatus {
  /** From 1. */
  readonly number: number;
  /** What a person names it by: its key, or its number where it is a shard. */
  readonly key: string;
  /** Of a shard. */
  readonly shard: { readonly index: number; readonly count: number } | null;
  /** As a task's, or `damaged` where its item cannot be read. */
  readonly state: string;
  readonly attempt: number;
  /** The id of the last run that executed it. */
  readonly lastRun: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly progress: TaskProgress | null;
  readonly result: unknown;
  readonly error: RecordedError | null;
  /** Why it is in this state, where it threw no error. */
  readonly reason: string | null;
}

export interface ChildrenPage {
  readonly children: readonly ChildStatus[];
  /** How many there are, whichever of them the page holds. */
  readonly count: number;
  /** The number to ask on after; null: that was all. */
  readonly next: number | null;
}

/** How far a task has come that goes through items, or that says so itself. */
export interface TaskProgress {
  readonly done: number;
  /** About how many there are; null: not known. */
  readonly total: number | null;
  /** While it runs: how fast it has been since it began; null before it has moved. */
  readonly itemsPerSecond: number | null;
  /** While it runs: how long it will take at that pace, in milliseconds. */
  readonly msLeft: number | null;
}

export interface PartyStatus {
  readonly environment: string;
  readonly stack: string;
  readonly party: string;
  readonly account: string;
  readonly region: string;
  readonly deployId: string | null;
  readonly deployedAt: string | null;
  /** The version of after-party that is deployed. */
  readonly packageVersion: string;
  readonly tasks: readonly TaskStatus[];
  /** The version to ask on after, where the answer was cut to Lambda's payload limit. */
  readonly next?: string;
}

export interface TaskDetails extends TaskStatus {
  /** Where the next attempt goes on; null: at the beginning. */
  readonly cursor: unknown;
  readonly history: readonly HistoryEntry[];
  /** The last log lines of a failed attempt, at most 20. */
  readonly logs: readonly string[];
  readonly params: Readonly<Record<string, unknown>> | null;
  /** Where a child of the task was asked for: which of them all this is about. */
  readonly child?: Pick<ChildStatus, 'number' | 'key' | 'shard'>;
}

export interface RunStatus {
  readonly runId: string;
  /** `accepted`, `running`, `succeeded`, `failed`, `cancelled` or `held`. */
  readonly state: string;
  readonly trigger: 'deploy' | 'run' | 'invoke';
  readonly by: string;
  /** One sentence on what came of it; null while it runs. */
  readonly outcome: string | null;
  readonly tasks: readonly TaskStatus[];
  /** The only children of its only task that it executes; empty: it is not about some. */
  readonly children: readonly ChildStatus[];
  /** Whether nothing of it is recorded but that it was. */
  readonly dryRun: boolean;
  /** The ids of the runs, one for each background task, that a deploy has started after its commit. */
  readonly background: readonly string[];
}

export interface LogLine {
  readonly at: string;
  readonly level: string;
  readonly message: string;
  readonly task?: string;
  readonly run?: string;
  readonly attempt?: number;
  /** Of a child of a split task: its key, or which of how many shards it is, as `7/64`. */
  readonly key?: string;
  readonly shard?: string;
}

export interface LogLines {
  readonly lines: readonly LogLine[];
  /** Hand it back as `token` to read on. */
  readonly token: string | null;
}

/** Whether the runner works. */
export interface CheckedRunner {
  /** `checking` as long as that is not known, `unreached` where it works but has no way to the ledger. */
  readonly state: 'checking' | 'works' | 'unreached' | 'broken';
  readonly reason: string | null;
}

/** What a correction changed. */
export interface Corrections {
  readonly tasks: readonly TaskStatus[];
  /** Of the only task, where children were corrected. */
  readonly children?: readonly ChildStatus[];
}

/** The answer to each request. */
export interface Answers {
  status: PartyStatus;
  show: { readonly tasks: readonly TaskDetails[] };
  children: ChildrenPage;
  'show-run': RunStatus;
  logs: LogLines;
  invoke: RunStatus;
  run: RunStatus;
  cancel: RunStatus;
  'cancel-task': Corrections;
  pause: Corrections;
  resume: RunStatus;
  rate: Corrections;
  'check-runner': CheckedRunner;
  skip: Corrections;
  'mark-done': Corrections;
  reset: Corrections;
}

/** Refusals that the CLI tells apart; the exit codes are the CLI's. */
export type RefusalCode =
  | 'bad-request'
  | 'unknown-task'
  | 'unknown-key'
  | 'ambiguous-task'
  | 'not-deployed'
  | 'unknown-run'
  | 'held'
  | 'confirm'
  | 'bad-params'
  | 'damaged-record'
  /** What is asked makes no sense of a task in this state. */
  | 'wrong-state'
  | 'too-many-tasks'
  | 'read-only'
  | 'failed';

export type ControllerAnswer<T> =
  | { readonly v: 1; readonly ok: T }
  | {
      readonly v: 1;
      readonly error: { readonly code: RefusalCode; readonly message: string; readonly resolution?: string };
    };
