import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runner } from './driver.ts';
import type { Invocation } from './executions.ts';
import { ForkedProcess } from './forked-process.ts';
import type { LocalLogs } from './local-logs.ts';
import type { RunnerOutcome } from './runner-outcome.ts';

/** About what a runner takes that does next to nothing. */
const RUNNER_BYTES = 128 * 1024 ** 2;

export interface ForkedRunnerOptions {
  /** The bundle's entry, an ES module that exports `handler`. */
  readonly entry: string;
  /** All the variables that the tasks see. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly logs: LocalLogs;
  /** Is called with the process id of each runner that begins. */
  readonly onRunner?: ((processId: number) => void) | undefined;
}

/**
 * Stands in for a sandbox of the runner's Lambda function: a process that is kept for the next invocation where one
 * ended in order, and replaced where it did not.
 */
export class ForkedRunner implements Runner {
  readonly #options: ForkedRunnerOptions;
  #idle: ForkedProcess | undefined;
  #hasEnded = false;

  constructor(options: ForkedRunnerOptions) {
    this.#options = options;
  }

  /**
   * Executes the work, and returns what the state machine would have of it. At `timeoutSeconds` of the work it
   * stops waiting, and as on Lambda the invocation goes on to its own timeout.
   */
  async invoke(invocation: Invocation, closing: AbortSignal): Promise<RunnerOutcome> {
    const settled = new AbortController();
    const { timeoutSeconds } = invocation.work;
    const impatience = sleep(timeoutSeconds * 1000, undefined, { signal: settled.signal }).then(
      (): RunnerOutcome => ({ error: { Error: 'States.Timeout' } }),
    );
    try {
      return await Promise.race([this.#execute(invocation, closing), impatience]);
    } finally {
      settled.abort();
    }
  }

  /** Ends the process that waits for a further invocation. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#idle?.end();
  }

  async #execute(invocation: Invocation, closing: AbortSignal): Promise<RunnerOutcome> {
    const process = this.#idle?.isAlive ? this.#idle : new ForkedProcess(this.#options);
    this.#idle = undefined;
    const outcome = await process.execute(invocation, closing);
    const isKept = 'report' in outcome && this.#idle === undefined && !this.#hasEnded;
    if (isKept) this.#idle = process;
    else await process.end();
    return outcome;
  }
}

/** How many runners a machine bears side by side: half of its memory is theirs. */
export function runnersAtOnce(memoryBytes: number = totalmem()): number {
  return Math.max(1, Math.floor(memoryBytes / 2 / RUNNER_BYTES));
}
