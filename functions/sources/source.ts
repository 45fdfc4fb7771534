import { PartyError } from '../errors.ts';
import { checkCursor } from '../task/cursor.ts';
import { type Json, type ReadPosition, type Source, sourceOf } from '../task/source.ts';
import { shown } from './cursor.ts';

/**
 * A source of your own: an async generator that yields `[item, cursor]` pairs. Each cursor says where reading
 * goes on after its item; the generator is called with the last one that was kept, or with undefined at the
 * beginning, and throws RangeError for a cursor that it cannot go on from.
 *
 * Reading throws PartyError `bad-item` for what is no such pair, and `bad-cursor` for a cursor that is not JSON
 * of at most 32 KB.
 */
export function source<Item, Cursor extends Json = Json>(
  generate: (
    cursor: Cursor | undefined,
  ) => AsyncIterable<readonly [item: Item, cursor: Cursor]> | Iterable<readonly [item: Item, cursor: Cursor]>,
): Source<Item> {
  async function* read(position: ReadPosition): AsyncGenerator<readonly [Item, Json]> {
    const pairs: unknown = generate(position.cursor as Cursor | undefined);
    if (!isIterable(pairs)) {
      throw new PartyError(
        'bad-source',
        `source's function returned ${shown(pairs)}`,
        'give a generator: source(async function* (cursor) { … })',
      );
    }
    let number = 0;
    for await (const pair of pairs) {
      number += 1;
      if (!isPair<Item>(pair)) {
        throw new PartyError(
          'bad-item',
          `source yielded ${shown(pair)} as item ${number}`,
          'yield [item, cursor], where the cursor says from where to go on after the item',
        );
      }
      const [item, cursor] = pair;
      checkCursor(cursor, `the cursor that source yielded with item ${number}`);
      yield [item, cursor];
    }
  }
  return sourceOf({ splits: false, read });
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

function isPair<Item>(value: unknown): value is readonly [Item, unknown] {
  return Array.isArray(value) && value.length === 2;
}
