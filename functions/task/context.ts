import type { Json, Shard } from './source.ts';

/** Writes one JSON line; the task's version, name, run and attempt are on each, and its key or shard. */
export interface TaskLogger {
  debug(message: string, ...extra: LogExtra[]): void;
  info(message: string, ...extra: LogExtra[]): void;
  warn(message: string, ...extra: LogExtra[]): void;
  error(message: string, ...extra: LogExtra[]): void;
}

/** Fields for a log line, an error, or a word. */
export type LogExtra = Record<string, unknown> | Error | string;

/** What the run that a task belongs to has done so far. */
export interface RunSummary {
  /** Tasks of this run that ended before this one, in the order in which they ran. */
  readonly tasks: readonly {
    readonly version: string;
    readonly name: string;
    readonly state: string;
    readonly result?: unknown;
  }[];
  readonly succeeded: number;
  readonly failed: number;
}

/** The run that a task belongs to. */
export interface DeployInfo {
  readonly runId: string;
  /** `'deploy'`, or by hand: `'run'` or `'invoke'`. */
  readonly trigger: 'deploy' | 'run' | 'invoke';
  /** The deploy's id: the party's `deployId`, else a stamp of the synth; undefined in a run by hand before any deploy. */
  readonly deployId: string | undefined;
  /** Who asked for it: CloudFormation's stack for a deploy, else the caller's ARN. */
  readonly by: string;
  /** Reads what the run has done before this task. */
  summary(): Promise<RunSummary>;
}

/** How far a task has come. */
export interface TaskProgress {
  /** Items completed, a whole number. */
  readonly done: number;
  /**
   * About how many there are.
   * @default - not known
   */
  readonly total?: number;
}

/** What a task is given. */
export interface TaskContext<Params = unknown> {
  readonly version: string;
  readonly name: string;
  /** Environment variables; reading one that is not set throws and says which prop to add it to. */
  readonly env: Readonly<Record<string, string>>;
  /** `invoke --params` as the task's schema returned them. */
  readonly params: Params;
  readonly environmentName: string;
  readonly deploy: DeployInfo;
  /** Counts the attempts at this task, or at this shard or key of it, from 1; each invocation that goes on with it is one. */
  readonly attempt: number;
  /**
   * The same for every attempt at this task until a person resets it or runs it again: hand it to APIs that
   * take one, so that a repeated call does nothing. Each shard or key has its own.
   */
  readonly idempotencyKey: string;
  /**
   * Whether a person only wants to see what the task would do: change nothing then. Of a task that is split, a dry
   * run tells into how many shards or keys, and executes only those that the person names.
   */
  readonly dryRun: boolean;
  /** Aborts when the task must end: its timeout, the deploy's deadline, a cancel. */
  readonly signal: AbortSignal;
  readonly logger: TaskLogger;
}

/** What a task with `forEach` is given besides. */
export interface KeyContext {
  /** Which of the keys it is executed for. */
  readonly key: string;
}

/** What a task with `shards` is given besides. */
export interface ShardContext {
  /** Which share of the work it is executed for: `index` from 0 to `count` - 1. */
  readonly shard: Shard;
}

/** What a `run` task is given besides. */
export interface RunContext<Params = unknown> extends TaskContext<Params> {
  /** What the last `checkpoint` of an earlier attempt or try was given; undefined at the beginning. */
  readonly cursor: Json | undefined;
  /**
   * Saves from where a later attempt goes on: at once if the last save is a second ago, else soon, and always
   * when the task ends before it is done.
   * @param cursor at most 32 KB as JSON
   * @returns false when time is up or somebody asked the task to stop: return then, and the task goes on from
   * here later
   * @throws PartyError `bad-cursor` for a cursor that is no JSON or too large, TypeError for a progress of
   * anything but whole numbers
   */
  checkpoint(cursor: Json, progress?: TaskProgress): Promise<boolean>;
}
