import type { Json } from '../../task/source.ts';

/** Some items that are processed together. */
export interface Unit {
  readonly items: readonly unknown[];
  /** The place of the first of them among all items, from 1. */
  readonly number: number;
  /** From where to go on behind the last of them. */
  readonly cursor: Json;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What the task says it changed, once it is completed. */
  completed?: { readonly changed: number | undefined };
}

interface Link {
  readonly unit: Unit;
  next?: Link;
}

/** Units in the order of their source; they are passed in that order, in whatever other they are completed. */
export class CompletedItems {
  #first: Link | undefined;
  #last: Link | undefined;
  #length = 0;

  /** How many have begun and not been passed. */
  get length(): number {
    return this.#length;
  }

  begin(unit: Unit): void {
    const link: Link = { unit };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#length += 1;
  }

  /** The first one of those not passed, if it is completed. */
  get passable(): Unit | undefined {
    return this.#first?.unit.completed === undefined ? undefined : this.#first.unit;
  }

  /** Passes the first one. */
  pass(): void {
    this.#first = this.#first?.next;
    if (this.#first === undefined) this.#last = undefined;
    this.#length -= 1;
  }
}
