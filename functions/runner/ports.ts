import type { Ledger } from '../ledger/index.ts';
import type { TaskFile } from './task-file.ts';

/** How long the runner waits for what, in milliseconds. */
export interface RunnerTiming {
  /** Between two looks at what people ask of the run and the task. */
  readonly cancelPoll: number;
  /** For a task to settle after its signal aborted. */
  readonly grace: number;
  /** The unit of the pauses between retries, and while a task holds itself back. */
  readonly second: number;
  /** Between two saves of how far a task has come, at least. */
  readonly checkpoint: number;
}

export const TIMING: RunnerTiming = { cancelPoll: 10_000, grace: 5_000, second: 1_000, checkpoint: 1_000 };

/** Everything outside the runner that it works with. */
export interface RunnerPorts {
  /** The tasks in the bundle. */
  readonly files: readonly TaskFile[];
  readonly ledger: Ledger;
  readonly environmentName: string;
  /** The function's configured timeout: some emulators' contexts do not tell the truth. */
  readonly timeoutSeconds: number;
  readonly variables: NodeJS.ProcessEnv;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly timing: RunnerTiming;
  /** Ends the process once its logs are out; nothing of a task that would not end may be left in it. */
  readonly endProcess: () => Promise<never>;
  /**
   * Is given each line of a task's log.
   * @default - standard output
   */
  readonly print?: (line: string) => void;
}
