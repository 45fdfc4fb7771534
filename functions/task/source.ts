/** Anything that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A share of a source: shard `index` of `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** From where a source is read. */
export interface ReadPosition {
  /** What stood beside the last item that was completed; undefined at the beginning. */
  readonly cursor: Json | undefined;
  /** Absent: all of it. */
  readonly shard?: Shard | undefined;
  /** Aborts when nobody waits for further items. */
  readonly signal: AbortSignal;
}

/** How a source is read; each item comes with the cursor from which reading goes on after it. */
export interface SourceReader<Item> {
  /** @throws RangeError for a cursor that is none of its own */
  read(position: ReadPosition): AsyncIterable<readonly [item: Item, cursor: Json]>;
  /** Whether it reads a shard by itself; others are told theirs through the task's context. */
  readonly splits: boolean;
  /** About how many items there are, where that is cheap to know. */
  count?(): Promise<number | undefined>;
}

const SOURCE: unique symbol = Symbol.for('after-party.source');

/** Items to process, one after the other, resumable at each; opaque to the author of a task. */
export interface Source<Item> {
  readonly [SOURCE]: SourceReader<Item>;
}

export function sourceOf<Item>(reader: SourceReader<Item>): Source<Item> {
  return { [SOURCE]: reader };
}

/** Recognises a source that another copy of this package may have made. */
export function isSource(value: unknown): value is Source<unknown> {
  return typeof value === 'object' && value !== null && SOURCE in value;
}

export function readerOf<Item>(source: Source<Item>): SourceReader<Item> {
  return source[SOURCE];
}
