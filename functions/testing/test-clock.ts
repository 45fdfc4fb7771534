/** In a row; after them an invocation is taken to be over. */
const HELD_BACK_LIMIT = 3;

/** The time of one invocation, which stands still until its end has come. */
export class TestClock {
  readonly startedAt: number = Date.now();
  readonly timeoutSeconds = 900;
  /** Items completed. */
  processed = 0;
  readonly #stopAfter: number;
  #checkpoints = 0;
  #heldBack = 0;
  #isOver = false;

  constructor(stopAfter: number | undefined) {
    this.#stopAfter = stopAfter ?? Number.POSITIVE_INFINITY;
  }

  get endsAt(): number {
    return this.startedAt + this.timeoutSeconds * 1000;
  }

  /** Milliseconds since the epoch. */
  readonly now = (): number => (this.#isOver ? this.endsAt : this.startedAt);

  completed(items: number): void {
    this.processed += items;
    this.#isOver ||= this.processed >= this.#stopAfter;
  }

  checkpoint(): void {
    this.#checkpoints += 1;
    this.#isOver ||= this.#checkpoints >= this.#stopAfter;
  }

  /** Notes whether the task holds itself back. It would do so until its invocation ends, so in the end it does. */
  heldBack(isHeldBack: boolean): boolean {
    this.#heldBack = isHeldBack ? this.#heldBack + 1 : 0;
    this.#isOver ||= this.#heldBack >= HELD_BACK_LIMIT;
    return isHeldBack && !this.#isOver;
  }
}
