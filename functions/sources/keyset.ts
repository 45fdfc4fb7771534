import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { PartyError } from '../errors.ts';
import { checkCursor } from '../task/cursor.ts';
import { type Json, type ReadPosition, type Source, sourceOf } from '../task/source.ts';
import { parseCursor, shown } from './cursor.ts';

const cursorSchema = v.strictObject({
  after: v.custom<Json>((value) => value !== undefined, 'the last key is missing'),
});

export interface KeysetOptions<Row, Key extends Json = Json> {
  /** The row's place in the order of the rows: unique, and JSON; a bigint or a Date as text. */
  readonly key: (row: Row) => Key;
  /**
   * How many rows are fetched at a time.
   * @default 500
   */
  readonly pageSize?: number;
}

/**
 * Rows in the order of a unique key, with any SQL client: `fetch` returns the first `limit` rows whose key comes
 * after the given one, in the key's order, and those from the beginning after `undefined`. No rows are the end.
 *
 * Reading throws PartyError `bad-page` where `fetch` returns anything but a list, or goes on at the same key, and
 * `bad-cursor` for a key that is not JSON of at most 32 KB.
 * @throws RangeError for a page size that is no positive whole number
 */
export function keyset<Row, Key extends Json = Json>(
  fetch: (after: Key | undefined, limit: number) => readonly Row[] | Promise<readonly Row[]>,
  options: KeysetOptions<Row, Key>,
): Source<Row> {
  const { key, pageSize = 500 } = options;
  if (!Number.isSafeInteger(pageSize) || pageSize < 1) {
    throw new RangeError(`keyset: pageSize is ${shown(pageSize)}: expected a positive whole number`);
  }
  async function* read({ cursor }: ReadPosition): AsyncGenerator<readonly [Row, Json]> {
    let after = parseCursor(cursorSchema, cursor, 'keyset')?.after as Key | undefined;
    while (true) {
      const rows: unknown = await fetch(after, pageSize);
      if (!isPage<Row>(rows)) {
        throw new PartyError('bad-page', `keyset fetched ${shown(rows)}`, 'return the rows as an array');
      }
      if (rows.length === 0) return;
      const last = key(rows[rows.length - 1] as Row);
      if (after !== undefined && isDeepStrictEqual(last, after)) {
        throw new PartyError(
          'bad-page',
          `keyset fetched what comes after ${shown(after)}, and the last row has that key again`,
          'select the rows whose key is greater than the given one, ordered by it; each needs a key of its own',
        );
      }
      for (const [index, row] of rows.entries()) {
        after = key(row);
        checkCursor(after, `the key of row ${index + 1} of the page that keyset fetched`);
        yield [row, { after }];
      }
    }
  }
  return sourceOf({ splits: false, read });
}

function isPage<Row>(value: unknown): value is readonly Row[] {
  return Array.isArray(value);
}
