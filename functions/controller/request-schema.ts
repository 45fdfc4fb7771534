import * as v from 'valibot';
import { manifestTaskSchema } from '../manifest.ts';
import { VERSION_PATTERN } from '../task/version.ts';
import { runIdSchema } from '../workflow-messages.ts';

/**
 * What the CLI asks of the controller. `names` are versions, task names or file names as a person typed them;
 * `by` is the caller's STS ARN as the CLI declares it, for the audit.
 */
const by = v.pipe(v.string(), v.minLength(1), v.maxLength(2048));
const reason = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(500));
const names = v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(255))), v.minLength(1));
const version = v.pipe(v.string(), v.regex(VERSION_PATTERN, 'is no version'));
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
  /** What the next deploy would run, were it one of these tasks. */
  v.object({ v: one, request: v.literal('plan'), tasks: v.array(manifestTaskSchema) }),
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
  /** Attempts and corrections, newest first: of these tasks, or of all, with the runs that came to none. */
  v.object({
    v: one,
    request: v.literal('history'),
    names: v.optional(names),
    local,
    limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
  }),
  /** The run and its tasks as they stand: what `invoke` and `run` poll. */
  v.object({ v: one, request: v.literal('show-run'), runId: runIdSchema }),
  /** The same of a run that may be another's, or of the newest that is under way. */
  v.object({ v: one, request: v.literal('watch'), runId: v.optional(runIdSchema) }),
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
    /** Only tasks that have one of these. */
    tags: v.optional(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(255))), []),
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
  /** Records as done before the party came to know them: every task up to one, or those with these versions. */
  v.object({
    v: one,
    request: v.literal('baseline'),
    until: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(255))),
    versions: v.optional(v.pipe(v.array(version), v.minLength(1), v.maxLength(10_000))),
    /** Whether versions of no task are recorded too. */
    allowUnknown: v.optional(v.boolean(), false),
    by,
    reason,
    local,
  }),
]);
