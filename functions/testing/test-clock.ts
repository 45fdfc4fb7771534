/** In a row; after them an invocation is taken to be over. */
const HELD_BACK_LIMIT = 3;
/** Of a task that was told to return, such as one that saves a last time. */
const FURTHER_CHECKPOINTS = 10;
/** How long a task may take to settle once its signal has aborted, in milliseconds; real ones. */
export const GRACE = 1_000;
/** So near its end the runner has a task return: the grace, and two seconds to record what came of it. */
const ABORT = GRACE + 2_000;

/** The time of one invocation, which stands still until its end is near. */
export class TestClock {
  readonly startedAt: number = Date.now();
  readonly timeoutSeconds = 900;
  /** Items completed. */
  processed = 0;
  readonly #stopAfter: number;
  #checkpoints = 0;
  #heldBack = 0;
  #left = this.timeoutSeconds * 1_000;

  constructor(stopAfter: number | undefined) {
    this.#stopAfter = stopAfter ?? Number.POSITIVE_INFINITY;
  }

  get endsAt(): number {
    return this.startedAt + this.timeoutSeconds * 1_000;
  }

  /** Milliseconds since the epoch. */
  readonly now = (): number => this.endsAt - this.#left;

  completed(items: number): void {
    this.processed += items;
    if (this.processed >= this.#stopAfter) this.#left = ABORT;
  }

  /**
   * Notes a checkpoint.
   * @throws Error for a task that goes on and on, instead of returning as it was told
   */
  checkpoint(): void {
    this.#checkpoints += 1;
    if (this.#checkpoints >= this.#stopAfter) this.#left = ABORT;
    if (this.#checkpoints > this.#stopAfter + FURTHER_CHECKPOINTS)
      throw new Error('the task goes on although checkpoint answered false: return then');
  }

  /** Notes whether the task holds itself back. It would do so until its invocation ends, so in the end it does. */
  heldBack(isHeldBack: boolean): boolean {
    this.#heldBack = isHeldBack ? this.#heldBack + 1 : 0;
    if (this.#heldBack < HELD_BACK_LIMIT) return isHeldBack;
    this.#left = ABORT;
    return false;
  }
}
