import { describe, expect, expectTypeOf, it } from 'vitest';
import { keyset } from '../../../functions/sources/index.ts';
import type { Json, Source } from '../../../functions/task/source.ts';
import { expectRefused, expectResumable, readAll, STRANGE_CURSORS, take } from './reading.ts';

interface Row {
  readonly id: number;
}

const rows: readonly Row[] = Array.from({ length: 25 }, (_, index) => ({ id: index * 3 + 1 }));

/** `select … where id > $1 order by id limit $2`. */
function selectAfter(from: readonly Row[], asked: (number | undefined)[] = []) {
  return async (after: number | undefined, limit: number): Promise<Row[]> => {
    asked.push(after);
    return from.filter(({ id }) => after === undefined || id > after).slice(0, limit);
  };
}

const id = (row: Row): number => row.id;

describe('keyset', () => {
  it('resumes exactly behind any row, with any size of page', async () => {
    for (const pageSize of [1, 4, 25, 500]) {
      await expectResumable(keyset(selectAfter(rows), { key: id, pageSize }), rows, { runs: 15 });
    }
  });

  it('fetches what comes after the last key, until there is nothing', async () => {
    const asked: (number | undefined)[] = [];
    await readAll(keyset(selectAfter(rows, asked), { key: id, pageSize: 10 }));

    expect(asked).toEqual([undefined, 28, 58, 73]);
  });

  it('goes on where the last row done has been deleted', async () => {
    const { cursor } = await take(keyset(selectAfter(rows), { key: id }), 5);
    const left = rows.filter((row) => row.id !== 13);

    expect((await readAll(keyset(selectAfter(left), { key: id }), { cursor }))[0]).toEqual({ id: 16 });
  });

  it('takes keys of several columns', async () => {
    const pairs = [
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ] as const;
    const fetch = (after: readonly [string, number] | undefined) =>
      pairs.filter((pair) => after === undefined || pair.join() > after.join()).slice(0, 2);

    await expectResumable(keyset(fetch, { key: (pair) => pair }), pairs);
  });

  it('refuses a key that does not go on, before a row is given twice', async () => {
    const stuck = keyset(async () => [{ id: 1 }], { key: id });
    const given: Row[] = [];
    const reading = (async () => {
      let from: { cursor?: Json | undefined } = {};
      for (let slice = 0; slice < 3; slice += 1) {
        const { items, cursor } = await take(stuck, 1, from);
        given.push(...items);
        from = { cursor };
      }
    })();

    await expect(reading).rejects.toMatchObject({
      code: 'bad-page',
      message: 'keyset fetched what comes after 1, and the last row has that key again',
    });
    expect(given).toEqual([{ id: 1 }]);
  });

  it.each([
    ['a bigint', 9n, /is not JSON/],
    ['a Date', new Date(0), /is not JSON/],
    ['nothing', undefined, /is not JSON/],
    ['too much', 'x'.repeat(33_000), /at most 32768/],
  ])('refuses %s as a key', async (_, key, message) => {
    const source = keyset(async () => [{ id: 1 }], { key: () => key as unknown as number });
    await expect(readAll(source)).rejects.toMatchObject({
      code: 'bad-cursor',
      message: expect.stringMatching(message),
    });
  });

  it('names what was fetched that is no list', async () => {
    const fetch = (async () => ({ rows })) as unknown as () => Promise<Row[]>;
    await expect(readAll(keyset(fetch, { key: id }))).rejects.toMatchObject({ code: 'bad-page' });
  });

  it('refuses a cursor of another shape, and a page size that is none', async () => {
    for (const cursor of STRANGE_CURSORS) await expectRefused(keyset(selectAfter(rows), { key: id }), cursor);
    for (const pageSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => keyset(selectAfter(rows), { key: id, pageSize })).toThrow(RangeError);
    }
  });

  it('infers the rows, and the key where its type is given', () => {
    const select = (sql: string, values: unknown[]): Promise<Row[]> => Promise.reject([sql, values]);

    const plain = keyset((after, limit) => select('…', [after ?? 0, limit]), { key: (row) => row.id });
    expectTypeOf(plain).toEqualTypeOf<Source<Row>>();
    const typed = keyset(async (after: number | undefined, limit) => select('…', [after, limit]), {
      key: (row) => row.id,
    });
    expectTypeOf(typed).toEqualTypeOf<Source<Row>>();
    // @ts-expect-error a Date is not JSON
    keyset(async () => [{ at: new Date() }], { key: (row) => row.at });
  });
});
