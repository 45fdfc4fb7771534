import * as v from 'valibot';
import { VERSION_PATTERN } from '../task/version.ts';
import { type Item, parseItem } from './parse-item.ts';

const time = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The states that an item can hold; `stale` and the absence of a record are derived from it. */
export const taskStates = [
  'pending',
  'running',
  /** Split into children, which are being executed. */
  'fanned-out',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'baselined',
  'in-doubt',
  /** Stopped before its end, with a cursor from which it goes on. */
  'interrupted',
  'paused',
] as const;
export type TaskState = (typeof taskStates)[number];

const errorSchema = v.object({
  name: v.string(),
  message: v.string(),
  stack: v.optional(v.string()),
  at: v.optional(v.string()),
  /** Of a task that goes through items: `item 8,113 of about 12,000`. */
  position: v.optional(v.string()),
  /** The item there, as short JSON. */
  item: v.optional(v.string()),
});
/** What a task threw. */
export type RecordedError = v.InferOutput<typeof errorSchema>;

const historySchema = v.object({
  attempt: count,
  state: v.string(),
  at: time,
  startedAt: v.optional(time),
  run: v.optional(v.string()),
  by: v.optional(v.string()),
  error: v.optional(v.string()),
  reason: v.optional(v.string()),
});
/** One attempt at a task, or one correction by a person. */
export type HistoryEntry = v.InferOutput<typeof historySchema>;

const progressSchema = v.object({
  /** Items completed. */
  done: count,
  /** About how many there are. */
  total: v.optional(count),
  /** How many of those completed the task says it changed. */
  changed: v.optional(count),
  /** Items completed before the run that goes on with them; absent: none. */
  before: v.optional(count),
});
/** How far a task has come. */
export type Progress = v.InferOutput<typeof progressSchema>;

const stopRequestSchema = v.object({
  kind: v.picklist(['pause', 'cancel']),
  by: v.string(),
  at: time,
  reason: v.optional(v.string()),
});
/** What a person asks of a task that is being executed; obeyed at its next boundary. */
export type StopRequest = v.InferOutput<typeof stopRequestSchema>;

const childrenSchema = v.object({
  of: v.picklist(['shards', 'keys']),
  count: v.pipe(count, v.minValue(1)),
  /** How many are executed at a time. */
  parallel: v.pipe(count, v.minValue(1)),
  /** When they were planned: children that bear another time are left of an earlier plan. */
  plan: time,
});
/** What a task was split into. */
export type Children = v.InferOutput<typeof childrenSchema>;

const shardSchema = v.object({ index: count, count });

const taskAttributesSchema = v.object({
  schema: v.literal(1),
  version: v.pipe(v.string(), v.regex(VERSION_PATTERN)),
  name: v.string(),
  state: v.picklist(taskStates),
  summary: v.string(),
  attempt: count,
  history: v.array(historySchema),
  /** The run that holds the task, while it is `running`. */
  run: v.optional(v.string()),
  /** The random token of the last claim. */
  owner: v.optional(v.string()),
  leaseUntil: v.optional(time),
  /** The last run that executed the task to an end. */
  lastRun: v.optional(v.string()),
  startedAt: v.optional(time),
  /** While invocations go on with one another: when the first of them began. */
  beganAt: v.optional(time),
  finishedAt: v.optional(time),
  /** The last success; only `reset` clears it. */
  succeededAt: v.optional(time),
  resetAt: v.optional(time),
  checksum: v.optional(v.string()),
  deployId: v.optional(v.string()),
  /** Kept as JSON text: DynamoDB has narrower limits than JSON for numbers and for how deep values nest. */
  result: v.optional(v.pipe(v.string(), v.parseJson())),
  error: v.optional(errorSchema),
  reason: v.optional(v.string()),
  by: v.optional(v.string()),
  logs: v.optional(v.array(v.string())),
  /** Kept as JSON text, like the result. */
  cursor: v.optional(v.pipe(v.string(), v.parseJson())),
  progress: v.optional(progressSchema),
  request: v.optional(stopRequestSchema),
  /** Items per second, where a person has set it. */
  rate: v.optional(v.pipe(v.number(), v.gtValue(0))),
  /** Of a task that was split. */
  children: v.optional(childrenSchema),
  /** Of a child: the key or the shard that it stands for, and the plan that it belongs to. */
  key: v.optional(v.string()),
  shard: v.optional(shardSchema),
  plan: v.optional(time),
});
type TaskAttributes = v.InferOutput<typeof taskAttributesSchema>;

const taskRecordSchema = v.pipe(
  taskAttributesSchema,
  neededWhile('running', 'run'),
  neededWhile('running', 'owner'),
  neededWhile('running', 'leaseUntil'),
  neededWhile('running', 'startedAt'),
  neededWhile('fanned-out', 'run'),
  neededWhile('fanned-out', 'children'),
);
/** What the ledger holds of one task, or of one of its children. */
export type TaskRecord = v.InferOutput<typeof taskRecordSchema>;

export const childStandingAttributes = [
  ...(['state', 'run', 'owner', 'leaseUntil', 'lastRun', 'succeededAt', 'attempt'] as const),
  ...(['reason', 'progress'] as const),
] as const;
/** Where a child stands, without what only people look at. */
export type ChildStanding = Pick<TaskRecord, (typeof childStandingAttributes)[number]>;
const alsoListed = ['key', 'shard', 'beganAt', 'startedAt', 'finishedAt', 'result', 'error'] as const;
export const childListingAttributes = [...childStandingAttributes, ...alsoListed] as const;
/** A child as it is listed, without its history and its logs. */
export type ChildListing = Pick<TaskRecord, (typeof childListingAttributes)[number]>;

const earlierTaskSchema = v.object({ version: v.string(), name: v.string() });
/** A task that another one comes after. */
export type EarlierTask = v.InferOutput<typeof earlierTaskSchema>;

const selectedTaskSchema = v.object({
  version: v.pipe(v.string(), v.regex(VERSION_PATTERN)),
  name: v.string(),
  when: v.picklist(['once', 'every-deploy', 'manual']),
  delivery: v.picklist(['at-least-once', 'at-most-once']),
  /** Of a task that is split: the delivery of its children. The splitting itself is always repeated. */
  childDelivery: v.optional(v.picklist(['at-least-once', 'at-most-once'])),
  onFailure: v.picklist(['fail-deploy', 'continue']),
  /** What must have succeeded first. */
  after: v.optional(v.array(earlierTaskSchema)),
});
/** A task that a run selected at its start. */
export type SelectedTask = v.InferOutput<typeof selectedTaskSchema>;

const countsSchema = v.object({ succeeded: count, failed: count, notStarted: count });
export type RunCounts = v.InferOutput<typeof countsSchema>;

const cancelSchema = v.object({
  /** Whether a person asked, or the stack that is rolling back or being deleted. */
  cause: v.picklist(['person', 'rollback', 'delete']),
  by: v.string(),
  at: time,
  reason: v.optional(v.string()),
});
export type CancelRequest = v.InferOutput<typeof cancelSchema>;

/** `committed` while the background tasks are being started; in the end `started` or `given-up`. */
const commitStates = ['awaited', 'committed', 'started', 'given-up'] as const;
export type CommitState = (typeof commitStates)[number];

const runRecordSchema = v.object({
  schema: v.literal(1),
  runId: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  trigger: v.picklist(['deploy', 'run', 'invoke']),
  by: v.string(),
  /** `accepted` until the first Decide has pinned the selection. */
  state: v.picklist(['accepted', 'running', 'succeeded', 'failed', 'cancelled', 'held']),
  summary: v.string(),
  startedAt: time,
  deployId: v.optional(v.string()),
  requestType: v.optional(v.picklist(['Create', 'Update'])),
  deadline: v.optional(time),
  /** Whether a failure must not fail the deploy: it would take the ledger of an existing application with it. */
  sparesStack: v.optional(v.boolean()),
  /** Kept as JSON text: it may be long, and this item is read before each task. */
  selection: v.optional(v.pipe(v.string(), v.parseJson(), v.array(selectedTaskSchema))),
  /** What a deploy starts after its commit, each task in a run of its own. */
  background: v.optional(v.pipe(v.string(), v.parseJson(), v.array(selectedTaskSchema))),
  /** How its background tasks stand to the commit; absent where a deploy has none. */
  commit: v.optional(v.picklist(commitStates)),
  /** Of a background task's run: the deploy's run that started it. It has no deadline, and nobody waits for it. */
  parent: v.optional(v.string()),
  /** How often its execution was followed by another, because the history of one has an end. */
  generation: v.optional(count),
  /** Kept as JSON text, like a task's result. */
  params: v.optional(v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown()))),
  secretParams: v.optional(v.array(v.string())),
  /** What `invoke` was told besides: a run that records nothing, or that begins anew, or that ends early. */
  dryRun: v.optional(v.boolean()),
  fromStart: v.optional(v.boolean()),
  limit: v.optional(v.pipe(count, v.minValue(1))),
  /** The only children of its only task that it executes, by their numbers. */
  children: v.optional(v.array(v.pipe(count, v.minValue(1)))),
  request: v.optional(cancelSchema),
  counts: v.optional(countsSchema),
  /** What CloudFormation is told, or was. */
  answer: v.optional(v.object({ status: v.picklist(['SUCCESS', 'FAILED']), text: v.string() })),
  finishedAt: v.optional(time),
  /** Seconds since the epoch; retention only. */
  expiresAt: v.optional(v.number()),
});
/** What the ledger holds of one run. */
export type RunRecord = v.InferOutput<typeof runRecordSchema>;

const runStandingSchema = v.pick(runRecordSchema, ['state', 'request']);
/** Whether a run goes on: what is read of it before each task, without its selection. */
export type RunStanding = v.InferOutput<typeof runStandingSchema>;

/** Whether the run's outcome is recorded. */
export function isSettled(run: RunStanding): boolean {
  return run.state !== 'accepted' && run.state !== 'running';
}

const pendingAnswerSchema = v.object({
  schema: v.literal(1),
  responseUrl: v.string(),
  requestId: v.string(),
  stackId: v.string(),
  logicalResourceId: v.string(),
  physicalResourceId: v.string(),
});
/** A CloudFormation request that still waits for its answer. */
export type PendingAnswer = v.InferOutput<typeof pendingAnswerSchema>;

const partySchema = v.object({
  schema: v.literal(1),
  summary: v.string(),
  createdAt: time,
  /** Whether the stack was being created when the party first ran in it. */
  newEnvironment: v.boolean(),
  /** Keys of the tasks that a new environment recorded instead of running them. */
  baselined: v.optional(v.set(v.string())),
  /** The last deploy that began to run tasks. */
  lastDeploy: v.optional(v.object({ runId: v.string(), deployId: v.optional(v.string()), at: time })),
});
/** What the ledger holds of the party as a whole. */
export type PartyRecord = v.InferOutput<typeof partySchema>;

export const parseTaskRecord = (item: Item): TaskRecord => parseItem(taskRecordSchema, item);
export const parseRunRecord = (item: Item): RunRecord => parseItem(runRecordSchema, item);
export const parseRunStanding = (item: Item): RunStanding => parseItem(runStandingSchema, item);
export const parsePendingAnswer = (item: Item): PendingAnswer => parseItem(pendingAnswerSchema, item);
export const parsePartyRecord = (item: Item): PartyRecord => parseItem(partySchema, item);

function neededWhile(
  state: TaskState,
  name: 'run' | 'owner' | 'leaseUntil' | 'startedAt' | 'children',
): v.BaseValidation<TaskAttributes, TaskAttributes, v.PartialCheckIssue<TaskAttributes>> {
  return v.forward(
    v.partialCheck(
      [['state'], [name]],
      (record) => record.state !== state || record[name] !== undefined,
      `missing, though the state is "${state}"`,
    ),
    [name],
  );
}
