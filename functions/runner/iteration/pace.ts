/** What was not used of this long is not made up for later, in milliseconds. */
const CATCHING_UP = 1_000;

/** Keeps to so many items per second on average: waiting too long once makes up for itself. */
export class Pace {
  readonly #rate: () => number | undefined;
  readonly #now: () => number;
  /** When the items taken so far are paid for, in milliseconds since the epoch. */
  #paidAt: number;
  #paidRate: number | undefined;

  /** @param rate items per second, which may change; undefined for as fast as it goes */
  constructor(rate: () => number | undefined, now: () => number) {
    this.#rate = rate;
    this.#now = now;
    this.#paidAt = now();
  }

  /** How long to wait before the next items, in milliseconds. */
  get wait(): number {
    const rate = this.#rate();
    const now = this.#now();
    if (rate !== this.#paidRate) {
      // What is owed at one rate is paid at the other.
      const owed = Math.max(0, this.#paidAt - now) * (this.#paidRate ?? 0);
      this.#paidAt = rate === undefined ? now : now + owed / rate;
      this.#paidRate = rate;
    }
    return rate === undefined ? 0 : Math.max(0, this.#paidAt - now);
  }

  take(items: number): void {
    if (this.#paidRate === undefined) return;
    this.#paidAt = Math.max(this.#paidAt, this.#now() - CATCHING_UP) + (items * 1_000) / this.#paidRate;
  }
}
