import * as v from 'valibot';
import { PartyError } from '../errors.ts';
import { type Json, type ReadPosition, type Source, sourceOf } from '../task/source.ts';
import { parseCursor, shown } from './cursor.ts';

const cursorSchema = v.strictObject({ index: v.pipe(v.number(), v.integer(), v.minValue(1)) });

/**
 * The items of a list that fits in memory, or of an async function that fetches it anew for each slice.
 * The list must keep its order while the task is under way; its end may grow.
 *
 * Reading throws RangeError where the list is shorter than what was done of it, and PartyError `no-list` where
 * the function returns anything but a list.
 */
export function list<Item>(
  items: readonly Item[] | (() => readonly Item[] | Promise<readonly Item[]>),
): Source<Item> {
  async function* read({ cursor }: ReadPosition): AsyncGenerator<readonly [Item, Json]> {
    const start = parseCursor(cursorSchema, cursor, 'list')?.index ?? 0;
    const all: unknown = typeof items === 'function' ? await items() : items;
    if (!isList<Item>(all)) {
      throw new PartyError('no-list', `list got ${shown(all)}`, 'return an array of the items');
    }
    if (start > all.length) {
      throw new RangeError(`the list has ${all.length} items, but ${start} of it were already done`);
    }
    for (let index = start; index < all.length; index += 1) {
      yield [all[index] as Item, { index: index + 1 }];
    }
  }
  if (typeof items === 'function') return sourceOf({ splits: false, read });
  return sourceOf({ splits: false, read, count: async () => items.length });
}

function isList<Item>(value: unknown): value is readonly Item[] {
  return Array.isArray(value);
}
