import type { Progress } from '../../ledger/index.ts';
import type { Unit } from './completed-items.ts';
import { itemCount } from './item-words.ts';

/** What came of the items of a task, over all its attempts. */
export class Tally {
  readonly #limit: number | undefined;
  readonly #before: number;
  #done: number;
  #changed: number | undefined;
  /** About how many there are. */
  total: number | undefined;

  /**
   * @param progress of earlier attempts
   * @param limit how many items this run may process
   * @param isContinued whether this run was at it before
   */
  constructor(progress: Progress | undefined, limit: number | undefined, isContinued: boolean) {
    const { done = 0, changed, total, before } = progress ?? {};
    this.#done = done;
    this.#changed = changed;
    this.total = total;
    this.#limit = limit;
    this.#before = isContinued ? (before ?? 0) : done;
  }

  /** Items completed with all before them. */
  get done(): number {
    return this.#done;
  }

  /** Whether the run may process no item behind this one. */
  isLimit(number: number): boolean {
    return this.#limit !== undefined && number - this.#before >= this.#limit;
  }

  pass({ number, items, completed }: Unit): void {
    this.#done = number + items.length - 1;
    if (completed?.changed !== undefined) this.#changed = (this.#changed ?? 0) + completed.changed;
  }

  get progress(): Progress {
    return {
      done: this.#done,
      ...(this.total === undefined ? {} : { total: Math.max(this.total, this.#done) }),
      ...(this.#changed === undefined ? {} : { changed: this.#changed }),
      ...(this.#before === 0 ? {} : { before: this.#before }),
    };
  }

  /** `37 of 1,000 items changed`, or without a count of changes `1,000 items`. */
  get result(): string {
    const all = itemCount(this.#done);
    return this.#changed === undefined ? all : `${this.#changed.toLocaleString('en')} of ${all} changed`;
  }
}

/**
 * How many items the task says it changed, by what it returned.
 * @throws TypeError for a number that counts nothing
 */
export function changedBy(returned: unknown): number | undefined {
  if (typeof returned !== 'number') return undefined;
  if (Number.isInteger(returned) && returned >= 0) return returned;
  throw new TypeError(`it returned ${returned}: a number is how many it changed, 0 or more`);
}
