import { expect } from 'vitest';
import { type Json, readerOf, type Shard, type Source } from '../../../functions/task/source.ts';
import fc from '../../fast-check.ts';

export interface From {
  readonly cursor?: Json | undefined;
  readonly shard?: Shard;
}

export interface Read<Item> {
  readonly items: Item[];
  /** What was beside the last item, as the ledger gives it back. */
  readonly cursor: Json | undefined;
}

export function open<Item>(source: Source<Item>, from: From = {}): AsyncIterable<readonly [Item, Json]> {
  return readerOf(source).read({
    cursor: from.cursor,
    shard: from.shard,
    signal: new AbortController().signal,
  });
}

/** Reads at most so many items, and closes the source as one that stops does. */
export async function take<Item>(source: Source<Item>, most: number, from: From = {}): Promise<Read<Item>> {
  const items: Item[] = [];
  let cursor = from.cursor;
  if (most === 0) return { items, cursor };
  for await (const [item, next] of open(source, from)) {
    items.push(item);
    cursor = JSON.parse(JSON.stringify(next));
    if (items.length === most) break;
  }
  return { items, cursor };
}

export async function readAll<Item>(source: Source<Item>, from: From = {}): Promise<Item[]> {
  return (await take(source, Number.POSITIVE_INFINITY, from)).items;
}

/** Whatever the points at which it stops, what comes after them is exactly the rest. */
export async function expectResumable<Item>(
  source: Source<Item>,
  expected: readonly Item[],
  { shard, runs = 30 }: { shard?: Shard; runs?: number } = {},
): Promise<void> {
  const at = shard === undefined ? {} : { shard };
  const stops = fc.array(fc.integer({ min: 0, max: expected.length + 1 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(stops, async (sizes) => {
      const items: Item[] = [];
      let cursor: Json | undefined;
      for (const size of sizes) {
        const slice = await take(source, size, { ...at, cursor });
        items.push(...slice.items);
        cursor = slice.cursor;
      }
      items.push(...(await readAll(source, { ...at, cursor })));
      expect(items).toEqual(expected);
    }),
    { numRuns: runs },
  );
}

/** Cursors of which no source could have given any. */
export const STRANGE_CURSORS: readonly Json[] = [
  null,
  7,
  'x',
  [],
  {},
  { other: 1 },
  { index: 'x', byte: -1 },
];

export async function expectRefused(source: Source<unknown>, cursor: Json): Promise<void> {
  const reading = async (): Promise<unknown> => readAll(source, { cursor });
  const error: unknown = await reading().catch((reason: unknown) => reason);
  expect(error, JSON.stringify(cursor)).toBeInstanceOf(RangeError);
  expect((error as RangeError).message).toMatch(/^the cursor /);
}
