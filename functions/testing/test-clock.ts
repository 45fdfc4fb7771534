/** In a row; after them an invocation is taken to be over. */
const HELD_BACK_LIMIT = 3;
/** How long a task may take to settle once its signal has aborted, in milliseconds; real ones. */
export const GRACE = 1_000;
/** How long before its end the runner aborts a task: the grace, and two seconds to record what came of it. */
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
    if (this.processed >= this.#stopAfter) this.#nearEnd();
  }

  /** Notes a checkpoint. A task that makes a further one once it was told to return is aborted. */
  checkpoint(): void {
    this.#checkpoints += 1;
    if (this.#checkpoints > this.#stopAfter) this.#left = ABORT - 1;
    else if (this.#checkpoints === this.#stopAfter) this.#nearEnd();
  }

  /** Notes whether the task holds itself back. It would do so until its invocation ends, so in the end it does. */
  heldBack(isHeldBack: boolean): boolean {
    this.#heldBack = isHeldBack ? this.#heldBack + 1 : 0;
    if (this.#heldBack < HELD_BACK_LIMIT) return isHeldBack;
    this.#nearEnd();
    return false;
  }

  /** From now on the runner has the task stop at its next boundary. */
  #nearEnd(): void {
    this.#left = Math.min(this.#left, ABORT);
  }
}
