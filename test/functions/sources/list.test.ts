import { describe, expect, expectTypeOf, it } from 'vitest';
import { list } from '../../../functions/sources/index.ts';
import { readerOf, type Source } from '../../../functions/task/source.ts';
import { expectRefused, expectResumable, readAll, STRANGE_CURSORS, take } from './reading.ts';

const letters = [...'abcdefghij'];

describe('list', () => {
  it('resumes exactly behind any item, from an array and from a function', async () => {
    await expectResumable(list(letters), letters);
    await expectResumable(
      list(async () => letters),
      letters,
    );
  });

  it('has no items where the list is empty', async () => {
    expect(await readAll(list([]))).toEqual([]);
  });

  it('knows the count of an array, and calls no function for it', async () => {
    expect(await readerOf(list(letters)).count?.()).toBe(10);
    expect(readerOf(list(() => letters)).count).toBeUndefined();
  });

  it('goes on in a list that grew, and refuses one that is shorter than what was done', async () => {
    const { cursor } = await take(list(letters), 10);

    expect(await readAll(list([...letters, 'k']), { cursor })).toEqual(['k']);
    await expect(readAll(list(letters.slice(0, 9)), { cursor })).rejects.toThrow(
      new RangeError('the list has 9 items, but 10 of it were already done'),
    );
  });

  it('refuses a cursor of another shape', async () => {
    for (const cursor of [...STRANGE_CURSORS, { index: 1.5 }, { index: 1, more: 1 }]) {
      await expectRefused(list(letters), cursor);
    }
  });

  it('names what a function returned that is no list', async () => {
    const notAList = (() => ({ rows: [] })) as unknown as () => string[];
    await expect(readAll(list(notAList))).rejects.toMatchObject({
      code: 'no-list',
      message: 'list got { rows: [] }',
    });
  });

  it('infers the items', () => {
    expectTypeOf(list([1, 2])).toEqualTypeOf<Source<number>>();
    expectTypeOf(list(async () => [{ id: 'a' }])).toEqualTypeOf<Source<{ id: string }>>();
  });
});
