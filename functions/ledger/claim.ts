import {
  type HistoryEntry,
  type Progress,
  parseTaskRecord,
  type SelectedTask,
  type TaskRecord,
} from './records.ts';
import * as summary from './summary.ts';
import type { ItemKey, Update } from './table.ts';
import { conditionalUpdate } from './update-command.ts';

/** An invocation asks for a task. */
export interface ClaimRequest {
  readonly task: SelectedTask;
  readonly runId: string;
  /** Whether a person named the task: then it may run again. */
  readonly asked: boolean;
  readonly by: string;
  readonly deployId: string | undefined;
  readonly checksum: string;
  /** Random, made anew for each request. */
  readonly token: string;
  readonly now: string;
  /** When the invocation is surely over. */
  readonly leaseUntil: string;
  /** Whether to forget the cursor of an earlier run's attempt; refused for what this run itself has interrupted. */
  readonly fromStart?: boolean;
  /** Whether it is only to be seen what the task would do: its record stays as it is. */
  readonly dryRun?: boolean;
  /** Whether it is a child of a split task: nobody stops or claims it but with its task. */
  readonly isChild?: boolean;
}

/** A task that an invocation holds. */
export interface Claim {
  readonly version: string;
  readonly name: string;
  readonly runId: string;
  readonly token: string;
  readonly attempt: number;
  readonly startedAt: string;
  /** When the first of the invocations began that went on with one another. */
  readonly beganAt: string;
  readonly history: readonly HistoryEntry[];
  readonly succeededAt: string | undefined;
  readonly resetAt: string | undefined;
  /** The last run that executed the task to an end, which may be this one. */
  readonly lastRun: string | undefined;
  /** Where an earlier attempt stopped. */
  readonly cursor: unknown;
  readonly progress: Progress | undefined;
  /** Items per second, where a person has set it. */
  readonly rate: number | undefined;
  /** Of a child: what it stands for, in which plan. */
  readonly key: string | undefined;
  readonly shard: TaskRecord['shard'];
  readonly plan: string | undefined;
  /** The item as it was, to give back; `unknown` where only a copy of the write was answered. */
  readonly previous: Readonly<Record<string, unknown>> | undefined | 'unknown';
}

const BROKE_OFF = '#state = :running AND #leaseUntil < :now AND NOT #run = :run';

/**
 * The records that a run may take; each task at most once per run. Alternatives joined by OR, with no
 * parentheses: those multiply the time that the embedded database takes to read a condition.
 */
function claimable(request: ClaimRequest): string {
  const { task, asked, fromStart, dryRun, isChild = false } = request;
  // A dry run leaves what was pending so, but for that it was.
  const alternatives = [`#state = :pending${dryRun === true ? ' AND NOT #lastRun = :run' : ''}`];
  // What a child stands for is known from its item alone.
  if (!isChild) alternatives.push('attribute_not_exists(#state)');
  const isEveryDeploy = task.when === 'every-deploy';
  const keepsChildren = goesOnWithChildren(request);
  const unplanned = keepsChildren ? ' AND attribute_not_exists(#children)' : '';
  const resumable = [
    `#state = :interrupted AND NOT #lastRun = :run${unplanned}`,
    // A run goes on with what yielded, and not with what was stopped: that has a reason.
    ...(fromStart === true ? [] : [`#state = :interrupted AND attribute_not_exists(#reason)${unplanned}`]),
  ];
  const settledAs = (...states: string[]): string[] =>
    states.map((state) => `#state = ${state} AND NOT #lastRun = :run`);
  if (asked) {
    // A dry run of what had broken off leaves it so, but for that it was: no second call may claim it again.
    const atRest = 'NOT #state = :running AND NOT #state = :fannedOut AND NOT #lastRun = :run';
    const anew = `${atRest} AND ${isEveryDeploy ? 'NOT #state = :interrupted' : '#state = :succeeded'}`;
    alternatives.push(...resumable, `${atRest}${unplanned}`, ...(keepsChildren ? [anew] : []));
    alternatives.push(`${BROKE_OFF} AND NOT #lastRun = :run`);
  } else if (isEveryDeploy) {
    alternatives.push(
      ...resumable,
      ...settledAs(':succeeded', ':failed', ':inDoubt', ':baselined'),
      BROKE_OFF,
    );
  } else {
    const never = 'attribute_not_exists(#succeededAt)';
    const settled = isChild ? [':failed', ':paused', ':cancelled'] : [':failed'];
    alternatives.push(
      ...resumable.map((earlier) => `${earlier} AND ${never}`),
      ...settledAs(...settled).map((earlier) => `${earlier} AND ${never}${unplanned}`),
    );
    // Whether an at-most-once task that broke off had its effect, only a person can say.
    if (task.delivery === 'at-least-once') alternatives.push(`${BROKE_OFF} AND ${never}`);
  }
  return alternatives.join(' OR ');
}

/**
 * Whether the children of an earlier plan are brought to their end where there are any, instead of planning anew:
 * another run may have made that plan since the workflow was told to have the task split.
 */
function goesOnWithChildren({ task, fromStart, dryRun, isChild }: ClaimRequest): boolean {
  return task.childDelivery !== undefined && isChild !== true && fromStart !== true && dryRun !== true;
}

const VALUES = {
  pending: 'pending',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  inDoubt: 'in-doubt',
  interrupted: 'interrupted',
  fannedOut: 'fanned-out',
  paused: 'paused',
  cancelled: 'cancelled',
  baselined: 'baselined',
} as const;

export function claimUpdate(tableName: string, key: ItemKey, request: ClaimRequest): Update {
  const condition = claimable(request);
  const used: Record<string, unknown> = {};
  for (const [name, value] of Object.entries({ ...VALUES, now: request.now })) {
    if (new RegExp(`:${name}\\b`).test(condition)) used[`:${name}`] = value;
  }
  return conditionalUpdate({
    tableName,
    key,
    set: {
      schema: 1,
      version: request.task.version,
      name: request.task.name,
      state: 'running',
      summary: summary.claimed(request.now, request.by, request.leaseUntil),
      run: request.runId,
      owner: request.token,
      leaseUntil: request.leaseUntil,
      startedAt: request.now,
      checksum: request.checksum,
      deployId: request.deployId,
    },
    setIfAbsent: { history: [], beganAt: request.now },
    increment: 'attempt',
    remove: [
      ...['finishedAt', 'result', 'error', 'reason', 'by', 'logs', 'request'],
      ...(request.fromStart === true ? ['cursor', 'progress'] : []),
    ],
    condition,
    values: used,
    returnPrevious: true,
  });
}

/**
 * The claim behind a write that was answered with the item as it was before.
 * @throws PartyError `damaged-record`
 */
export function freshClaim(request: ClaimRequest, previous: Record<string, unknown> | undefined): Claim {
  const before = previous === undefined ? undefined : parseTaskRecord(previous);
  return {
    version: request.task.version,
    name: request.task.name,
    runId: request.runId,
    token: request.token,
    startedAt: request.now,
    beganAt: before?.beganAt ?? request.now,
    attempt: (before?.attempt ?? 0) + 1,
    history: before?.history ?? [],
    succeededAt: before?.succeededAt,
    resetAt: before?.resetAt,
    lastRun: before?.lastRun,
    cursor: request.fromStart === true ? undefined : before?.cursor,
    progress: request.fromStart === true ? undefined : before?.progress,
    rate: before?.rate,
    key: before?.key,
    shard: before?.shard,
    plan: before?.plan,
    previous,
  };
}

/** The claim behind a record that already carries it. */
export function claimOf(record: TaskRecord): Claim | undefined {
  const { state, run, owner, startedAt } = record;
  if (state !== 'running' || run === undefined || owner === undefined || startedAt === undefined) {
    return undefined;
  }
  return {
    version: record.version,
    name: record.name,
    runId: run,
    token: owner,
    startedAt,
    beganAt: record.beganAt ?? startedAt,
    attempt: record.attempt,
    history: record.history,
    succeededAt: record.succeededAt,
    resetAt: record.resetAt,
    lastRun: record.lastRun,
    cursor: record.cursor,
    progress: record.progress,
    rate: record.rate,
    key: record.key,
    shard: record.shard,
    plan: record.plan,
    previous: 'unknown',
  };
}
