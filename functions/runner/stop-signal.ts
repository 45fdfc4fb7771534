import { type StopRequest, stoppedByRequest } from '../ledger/index.ts';
import { clearTimeout, setTimeout } from './timers.ts';

/** Why a task must end before it is done. */
export interface Stop {
  /**
   * What becomes of the task. `yielded`: it goes on in the next invocation, if it got anywhere in this one.
   * `interrupted`: it goes on later, if it has a cursor.
   */
  readonly state: 'yielded' | 'interrupted' | 'failed' | 'paused' | 'cancelled';
  readonly reason: string;
  /** Who asked for it. */
  readonly by?: string;
}

/** What a person asks weighs more than what an invocation or a deploy does. */
const WEIGHTS = { yielded: 0, interrupted: 1, failed: 2, paused: 3, cancelled: 4 } as const;

/** Tells a task to end, for the weightiest reason that comes up, of equal ones the first. */
export class StopSignal {
  readonly #asking = new AbortController();
  readonly #aborting = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stop: Stop | undefined;
  #request: StopRequest | undefined;

  /** Aborts when the task is to end at its next boundary, or at once. */
  get asked(): AbortSignal {
    return this.#asking.signal;
  }

  /** Aborts when the task must end at once. */
  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  /** The reason, once there is one. */
  get stop(): Stop | undefined {
    return this.#stop;
  }

  /** What a person has asked of the task, as far as this invocation knows. */
  get request(): StopRequest | undefined {
    return this.#request;
  }

  /** Has the task end at its next boundary. */
  ask(stop: Stop): void {
    if (this.#stop === undefined || WEIGHTS[stop.state] > WEIGHTS[this.#stop.state]) this.#stop = stop;
    this.#asking.abort();
  }

  /** Has the task end at once. */
  stopNow(stop: Stop): void {
    this.ask(stop);
    const error = new Error(this.#stop?.reason);
    error.name = 'AbortError';
    this.#aborting.abort(error);
  }

  /** Obeys a person, or forgets a request that was withdrawn. */
  obey(request: StopRequest | undefined): void {
    this.#request = request;
    if (request === undefined) return;
    const stop = stoppedByRequest(request);
    if (request.kind === 'pause') this.ask(stop);
    else this.stopNow(stop);
  }

  askAfter(milliseconds: number, stop: Stop): void {
    this.#timers.add(setTimeout(() => this.ask(stop), Math.max(0, milliseconds)));
  }

  stopAfter(milliseconds: number, stop: Stop): void {
    this.#timers.add(setTimeout(() => this.stopNow(stop), Math.max(0, milliseconds)));
  }

  /** Clears what would stop a task that has ended. */
  release(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
