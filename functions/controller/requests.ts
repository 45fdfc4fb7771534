import type * as v from 'valibot';
import type { HistoryEntry, RecordedError } from '../ledger/records.ts';
import type { DeployPlan } from './deploy-plan.ts';
import type { PartyHistory } from './party-history.ts';
import type { requestSchema } from './request-schema.ts';

/** What the CLI asks of the controller. */
export type ControllerRequest = v.InferOutput<typeof requestSchema>;

/** One of the requests, by its name. */
export type RequestOf<Name extends ControllerRequest['request']> = Extract<
  ControllerRequest,
  { request: Name }
>;

/** A task as `status --json` shows it. Fields are only ever added. */
export interface TaskStatus {
  readonly version: string;
  readonly name: string;
  readonly description: string;
  readonly when: 'once' | 'every-deploy' | 'manual';
  readonly tags: readonly string[];
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
  /** While it runs: how many came to an end per second, since it began; null before one did. */
  readonly endedPerSecond?: number | null;
  /** While it runs: how long the others will take at that pace, in milliseconds. */
  readonly msLeft?: number | null;
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

/** A task in a baseline. Fields are only ever added. */
export interface BaselinedTask {
  readonly version: string;
  /** Empty where there is no task of this version. */
  readonly name: string;
  readonly state: string;
}

/** What a baseline changed. */
export interface Baseline {
  /** Recorded as baselined, with the state that each was in. */
  readonly tasks: readonly (BaselinedTask & { readonly was: string })[];
  /** Left as they are, since they have an outcome or run on every deploy. */
  readonly left: readonly BaselinedTask[];
  /** What the next deploy would still run. */
  readonly pending: readonly BaselinedTask[];
}

/** The answer to each request. */
export interface Answers {
  status: PartyStatus;
  plan: DeployPlan;
  show: { readonly tasks: readonly TaskDetails[] };
  children: ChildrenPage;
  history: PartyHistory;
  'show-run': RunStatus;
  /** Null: nothing runs. */
  watch: { readonly run: RunStatus | null };
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
  baseline: Baseline;
}

/** Refusals that the CLI tells apart; the exit codes are the CLI's. */
export type RefusalCode =
  | 'bad-request'
  | 'unknown-task'
  | 'unknown-key'
  | 'unknown-versions'
  | 'unknown-tag'
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
