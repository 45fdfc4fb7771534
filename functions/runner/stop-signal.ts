/** Why a task must end before it is done. */
export interface Stop {
  readonly state: 'failed' | 'cancelled';
  readonly reason: string;
  /** Who cancelled it. */
  readonly by?: string;
}

/** Tells a task to end, for the first reason that comes up. */
export class StopSignal {
  readonly #controller = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stop: Stop | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The reason, once there is one. */
  get stop(): Stop | undefined {
    return this.#stop;
  }

  stopNow(stop: Stop): void {
    if (this.#stop !== undefined) return;
    this.#stop = stop;
    const error = new Error(stop.reason);
    error.name = 'AbortError';
    this.#controller.abort(error);
  }

  stopAfter(milliseconds: number, stop: Stop): void {
    this.#timers.add(setTimeout(() => this.stopNow(stop), Math.max(0, milliseconds)));
  }

  /** Clears what would stop a task that has ended. */
  release(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
