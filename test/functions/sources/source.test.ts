import { describe, expect, expectTypeOf, it } from 'vitest';
import { source } from '../../../functions/sources/index.ts';
import type { Source } from '../../../functions/task/source.ts';
import { expectResumable, readAll, take } from './reading.ts';

const numbers = Array.from({ length: 20 }, (_, index) => index);

function* from(cursor: number | undefined): Generator<[number, number]> {
  for (let next = (cursor ?? -1) + 1; next < 20; next += 1) yield [next, next];
}

describe('source', () => {
  it('resumes exactly behind any item', async () => {
    await expectResumable(
      source(async function* (cursor: number | undefined) {
        yield* from(cursor);
      }),
      numbers,
    );
    await expectResumable(source(from), numbers);
  });

  it('closes the generator of a reader that stops', async () => {
    let closed = 0;
    const numbered = source(async function* () {
      try {
        yield* from(undefined);
      } finally {
        closed += 1;
      }
    });
    await take(numbered, 3);

    expect(closed).toBe(1);
  });

  it('lets through what the generator throws', async () => {
    const refused = source(async function* (cursor) {
      if (cursor !== undefined) throw new RangeError('the cursor is of last year');
      yield ['a', 1];
    });
    expect(await readAll(refused)).toEqual(['a']);
    await expect(readAll(refused, { cursor: 1 })).rejects.toThrow(
      new RangeError('the cursor is of last year'),
    );
  });

  it.each([
    ['only the item', 'a', "source yielded 'a' as item 2"],
    ['three', ['a', 1, 2], "source yielded [ 'a', 1, 2 ] as item 2"],
    ['an object', { item: 'a', cursor: 1 }, "source yielded { item: 'a', cursor: 1 } as item 2"],
    ['nothing', undefined, 'source yielded undefined as item 2'],
  ])('names %s that was yielded in place of a pair', async (_, yielded, message) => {
    const wrong = source(async function* () {
      yield ['first', 1];
      yield yielded as unknown as [string, number];
    });
    await expect(readAll(wrong)).rejects.toMatchObject({ code: 'bad-item', message });
  });

  it.each([
    ['undefined', undefined, 'is not JSON: it is or holds undefined'],
    ['a bigint', 1n, 'is not JSON: it is or holds a bigint'],
    ['NaN', { page: Number.NaN }, 'is not JSON: it is or holds NaN'],
    ['a Date', new Date(0), 'is not JSON: it is or holds a Date'],
    ['33 KB', 'é'.repeat(16_384), 'has 32770 bytes as JSON, of which at most 32768 can be kept'],
  ])('refuses %s as a cursor, with the number of its item', async (_, cursor, problem) => {
    const wrong = source(async function* () {
      yield ['a', cursor as unknown as number];
    });
    await expect(readAll(wrong)).rejects.toMatchObject({
      code: 'bad-cursor',
      message: expect.stringContaining(`the cursor that source yielded with item 1 ${problem}`),
    });
  });

  it('takes a cursor of exactly 32 KB, and refuses one that refers to itself', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const yielding = (cursor: unknown) =>
      source(async function* () {
        yield ['a', cursor as unknown as string];
      });

    expect(await readAll(yielding('x'.repeat(32_766)))).toEqual(['a']);
    await expect(readAll(yielding(circle))).rejects.toMatchObject({ code: 'bad-cursor' });
  });

  it('says that a function which is no generator should be one', async () => {
    const forgotten = (async () => [['a', 1]]) as unknown as () => [string, number][];
    await expect(readAll(source(forgotten))).rejects.toMatchObject({ code: 'bad-source' });
  });

  it('infers the items', () => {
    const inferred = source(async function* (cursor) {
      const page = cursor === undefined ? 0 : Number(cursor);
      yield [{ id: 'a' }, page + 1];
    });
    expectTypeOf(inferred).toEqualTypeOf<Source<{ id: string }>>();
    // @ts-expect-error a Date is not JSON
    source(async function* () {
      yield ['a', new Date()];
    });
  });
});
