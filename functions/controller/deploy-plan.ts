import type { PartyStatus, TaskStatus } from './requests.ts';

type PlainTask = Pick<
  TaskStatus,
  'version' | 'name' | 'description' | 'when' | 'background' | 'state' | 'notes'
>;

/** A task that the next deploy has to do with. Its notes are as in `status`, and `not-deployed` for a new file. */
export interface PlannedTask extends PlainTask {
  readonly attempt: number;
  /**
   * `run`, `resume` where it was interrupted, `wait` where another run is at it, `stop` where the deploy cannot go
   * past it, and `behind` where it would not come to it.
   */
  readonly does: 'run' | 'resume' | 'wait' | 'stop' | 'behind';
  readonly why: string | null;
}

/** A task that the next deploy would leave as it is. */
export interface LeftOutTask extends PlainTask {
  /**
   * `skipped`, `cancelled`, `paused`, `manual`, `environments`, `running`, `stale`, `no-file`, `changed` since it
   * succeeded, or `not-ready`: a background task that is in doubt, damaged, or after what has not succeeded.
   */
  readonly because: string;
  readonly why: string | null;
}

/** What the next deploy would run. Fields are only ever added. */
export interface DeployPlan extends Omit<PartyStatus, 'tasks' | 'next'> {
  /** The deploy waits for these, in this order. */
  readonly blocking: readonly PlannedTask[];
  readonly everyDeploy: readonly PlannedTask[];
  /** Started after the commit. */
  readonly background: readonly PlannedTask[];
  readonly leftOut: readonly LeftOutTask[];
  /** How many more there are, which have an outcome. */
  readonly settled: number;
}
