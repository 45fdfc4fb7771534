import type { Ledger } from '../ledger/ledger.ts';
import type { Manifest } from '../manifest.ts';
import type { RunnerCheck } from '../workflow-messages.ts';
import type { LogLine, LogLines } from './requests.ts';

/** What the construct says of a party. */
export interface PartyConfig {
  readonly environmentName: string;
  /** The construct's path below its stack, e.g. `Tasks`. */
  readonly party: string;
  /**
   * Whether its stack has others.
   * @default false
   */
  readonly sharesStack?: boolean;
  readonly stackId: string;
  /** How long a deploy waits for its tasks. */
  readonly deployTimeoutSeconds: number;
  readonly runnerTimeoutSeconds: number;
  readonly onFailure: 'fail-deploy' | 'continue';
  readonly newEnvironment: 'run' | 'baseline';
  /** Whether a Create that fails would take the ledger with it. */
  readonly ownsLedger: boolean;
  readonly retentionDays: number;
  /** The function's own AWS_ENDPOINT_URL: an emulator's response URLs have its host. */
  readonly endpointUrl: string | undefined;
}

/** Starts the loop of Decide, Run and Wait for a run. */
export interface Workflow {
  /**
   * Idempotent: a run whose loop is under way, or has ended, is not started again.
   * @param generation how many executions of the run came before, 0 by default
   */
  start(runId: string, generation?: number): Promise<'started' | 'ended'>;
  /** Whether that execution of the run is under way. */
  isRunning(runId: string, generation?: number): Promise<boolean>;
  /** Has the runner checked, and says what came of it; undefined while that is under way. Idempotent. */
  check(id: string): Promise<RunnerCheck | undefined>;
}

/** What CloudFormation says of the party's stack and of the root that it is nested in. */
export interface StackStatus {
  readonly status: string;
  readonly rootStatus: string;
}

export interface StackStates {
  /** @throws what CloudFormation says, also when it throttles: the caller asks again */
  describe(stackId: string): Promise<StackStatus>;
}

/** The runner's log lines; `version` is as the task's file has it. */
export interface RunnerLogs {
  /** Lines of a task, oldest first, a page at a time. */
  read(query: { version: string; since?: string; token?: string }): Promise<LogLines>;
  /** The last lines of a task in a run, oldest first; for the report of a crash. */
  tail(query: { version: string; runId: string; limit: number }): Promise<readonly LogLine[]>;
}

/** Where the controller writes what it does. */
export interface ControllerLog {
  info(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** A line of the report that precedes a FAILED answer, as people read it in the deploy's terminal. */
  report(line: string): void;
}

/** Everything outside the controller that it works with. */
export interface ControllerPorts {
  readonly config: PartyConfig;
  readonly manifest: Manifest;
  readonly ledger: Ledger;
  readonly workflow: Workflow;
  readonly stacks: StackStates;
  readonly runnerLogs: RunnerLogs;
  readonly log: ControllerLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * After how many steps another execution goes on with a run.
   * @default 1000
   */
  readonly stepsLimit?: number;
}
