import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { csv } from '../../../functions/sources/index.ts';
import type { Json, Source } from '../../../functions/task/source.ts';
import fc from '../../fast-check.ts';
import { expectRefused, expectResumable, open, readAll, STRANGE_CURSORS, take } from './reading.ts';
import { inPieces } from './streams.ts';

const value = fc
  .string({ unit: 'binary', maxLength: 8 })
  .map((text) => text.replaceAll(/[\uD800-\uDFFF]/g, '?'));
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** A file, what is in it, and on which line each row begins. */
const files = fc
  .record({
    rows: fc.array(fc.tuple(value, value, fc.constantFrom('a', 'é🎉', 'x,y', '1\r\n2', '1\n2', '"')), {
      maxLength: 12,
    }),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    mark: fc.constantFrom('', '\uFEFF'),
    endsWithLine: fc.boolean(),
  })
  .map(({ rows, lineEnd, mark, endsWithLine }) => ({
    text:
      mark +
      [['a', 'b', 'c'], ...rows].map((row) => row.map(quoted).join(',')).join(lineEnd) +
      (endsWithLine ? lineEnd : ''),
    rows: rows.map(([a, b, c]) => ({ a, b, c })),
  }));

function bad(content: string | Uint8Array, options: object = {}): Promise<unknown> {
  return readAll(csv({ from: inPieces(content, 5), ...options }));
}

describe('csv', () => {
  it('reads any rows, in any pieces, and resumes exactly behind any', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 1, max: 40 }), async ({ text, rows }, size) => {
        await expectResumable(csv({ from: inPieces(text, size) }), rows, { runs: 2 });
      }),
      { numRuns: 60 },
    );
  });

  it('resumes with the line of the file, also behind line breaks of any kind in quotes', async () => {
    const text = 'id,note\r\n1,"one\r\ntwo\nthree\rfour"\r\n\r\n2,b\n3,c\n4,d,e\n';
    const source = csv({ from: inPieces(text, 3) });

    for (const done of [0, 1, 2, 3]) {
      const { items, cursor } = await take(source, done);
      expect(items.map(({ id }) => id)).toEqual(['1', '2', '3'].slice(0, done));
      await expect(readAll(source, { cursor })).rejects.toMatchObject({
        code: 'bad-row',
        message: 'the stream, line 9: a row of 3 values, where there are 2 columns: "id", "note"',
      });
    }
  });

  it('keeps in its cursor where the next row begins', async () => {
    const cursors: Json[] = [];
    for await (const [, cursor] of open(csv({ from: inPieces('\uFEFFid\r\né\r\n"a\nb"', 2) })))
      cursors.push(cursor);

    expect(cursors).toEqual([
      { byte: 11, line: 2 },
      { byte: 16, line: 4 },
    ]);
  });

  it('reads a line of 1 MB, and a file without a last line end or without rows', async () => {
    const long = 'x'.repeat(1024 * 1024);
    expect(await readAll(csv({ from: inPieces(`a,b\n${long},"${long}"`, 65_536) }))).toEqual([
      { a: long, b: long },
    ]);
    expect(await readAll(csv({ from: inPieces('a,b', 2) }))).toEqual([]);
    expect(await readAll(csv({ from: inPieces('', 1), header: false, columns: ['a'] }))).toEqual([]);
  });

  it('takes another delimiter, another encoding, and columns named by the task', async () => {
    const windows = Buffer.from('na\xefve;\x80 5\n', 'latin1');
    const source = csv({
      from: inPieces(windows, 1),
      header: false,
      columns: ['word', 'price'],
      delimiter: ';',
      encoding: 'windows-1252',
    });
    expect(await readAll(source)).toEqual([{ word: 'naïve', price: '€ 5' }]);
  });

  it('makes plain values of columns whose names mean something to objects', async () => {
    const [row] = await readAll(csv({ from: inPieces('__proto__,constructor\n1,2\n', 9) }));
    expect(Object.entries(row ?? {})).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  it.each([
    ['no header', '', {}, 'bad-header', 'line 1: the file is empty, without even a header'],
    ['a header with a name twice', 'id,name,id\n', {}, 'bad-header', 'line 1: the header has "id" twice'],
    [
      'a header with an empty name',
      '\nid,,x\n',
      {},
      'bad-header',
      'line 2: column 2 of the header has no name',
    ],
    [
      'a header without a column',
      'sku,price\n',
      { columns: ['sku', 'cents'] },
      'bad-header',
      'line 1: the header has no "cents", only "sku", "price"',
    ],
    [
      'too few values',
      'a,b\n1,2\n3\n',
      {},
      'bad-row',
      'line 3: a row of 1 values, where there are 2 columns: "a", "b"',
    ],
    [
      'a quote that never closes',
      'a,b\n1,2\n3,"4\n5,6\n',
      {},
      'bad-row',
      'line 3: a value begins with a quote that is never closed',
    ],
    [
      'a quote inside a value',
      'a,b\n1,2\n3,4"5"\n',
      {},
      'bad-row',
      'line 3: a quote stands inside a value that does not begin with one',
    ],
    [
      'a quote that is not doubled',
      'a,b\n1,2\n3,"4"5"\n',
      {},
      'bad-row',
      'line 3: a quote inside a quoted value is not doubled',
    ],
    [
      'bytes that are not UTF-8',
      Buffer.from('a,b\n1,2\n3,\xe9\n', 'latin1'),
      {},
      'bad-encoding',
      'line 3 is not UTF-8',
    ],
    [
      'a header that is not UTF-8',
      Buffer.from('a,\xe9\n', 'latin1'),
      {},
      'bad-encoding',
      'line 1 is not UTF-8',
    ],
    ['UTF-16', Buffer.from('\uFEFFa,b\n', 'utf16le'), {}, 'bad-encoding', 'line 1: the file is UTF-16'],
  ])('names the line of %s', async (_, content, options, code, message) => {
    await expect(bad(content, options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('lets U+FFFD through, and a byte order mark where none belongs', async () => {
    expect(await readAll(csv({ from: inPieces('a\n\uFFFD\n\uFEFFb\n', 2) }))).toEqual([
      { a: '\uFFFD' },
      { a: '\uFEFFb' },
    ]);
  });

  it('refuses a value of more than 16 MB, which may be a quote that never closes', async () => {
    const endless = (): Readable =>
      Readable.from(
        (function* () {
          yield Buffer.from('a\n1\n"');
          while (true) yield Buffer.alloc(1024 * 1024, 'x\n');
        })(),
      );
    await expect(readAll(csv({ from: endless }))).rejects.toMatchObject({
      code: 'bad-row',
      message: expect.stringContaining('line 3: a value has more than 16 MB'),
    });
  });

  it.each(['3,"4"5"\n', '3,4\n5,6,7\n', '3,4\n"'])('gives all rows before a bad one: %j', async (end) => {
    const given: unknown[] = [];
    const reading = (async () => {
      for await (const [row] of open(csv({ from: inPieces(`a,b\n1,2\n${end}`, 1000) }))) given.push(row);
    })();

    await expect(reading).rejects.toMatchObject({ code: 'bad-row' });
    expect(given[0]).toEqual({ a: '1', b: '2' });
    expect(given).toHaveLength(end.startsWith('3,4\n') ? 2 : 1);
  });

  it('closes the stream of a reader that stops, and names a file by its path', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'csv-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'prices.csv');
    await writeFile(file, `a\n${'1\n'.repeat(100_000)}1,2\n`);
    const streams: Readable[] = [];
    const from = (): Readable => {
      const stream = createReadStream(file);
      streams.push(stream);
      return stream;
    };
    const { cursor } = await take(csv({ from }), 10);
    await take(csv({ from }), 10, { cursor });

    expect(streams).toHaveLength(3);
    expect(streams.every((stream) => stream.destroyed)).toBe(true);
    await expect(readAll(csv({ from }))).rejects.toThrow(`${file}, line 100002: a row of 2 values`);
  });

  it('lets through what the stream throws', async () => {
    const from = (): Readable =>
      Readable.from(
        (async function* () {
          yield 'a\n1\n';
          throw new Error('connection lost');
        })(),
      );
    await expect(readAll(csv({ from }))).rejects.toThrow('connection lost');
    const nothing = (() => undefined) as unknown as () => Readable;
    await expect(readAll(csv({ from: nothing }))).rejects.toMatchObject({ code: 'no-stream' });
    await expect(readAll(csv({ from: () => Readable.from([1]) }))).rejects.toMatchObject({
      code: 'no-stream',
    });
  });

  it('refuses to go on in a file that is another one now, as far as that shows', async () => {
    const { cursor } = await take(csv({ from: inPieces('id\n1000\n2000\n3000\n', 4) }), 2);

    for (const other of ['id\n1\n', 'id\n1000000000000\n2\n']) {
      await expect(readAll(csv({ from: inPieces(other, 4) }), { cursor })).rejects.toThrow(RangeError);
    }
    expect(await readAll(csv({ from: inPieces('id\n1000\n2000\n4000\n5\n', 4) }), { cursor })).toEqual([
      { id: '4000' },
      { id: '5' },
    ]);
  });

  it('goes on in a file whose last line got its end and more', async () => {
    const { cursor } = await take(csv({ from: inPieces('id\n1\n2', 4) }), 2);
    expect(await readAll(csv({ from: inPieces('id\n1\n2\n3\n', 4) }), { cursor })).toEqual([{ id: '3' }]);
  });

  it('refuses a cursor of another shape, and options that cannot be', async () => {
    for (const cursor of [...STRANGE_CURSORS, { byte: 1.5, line: 0 }, { byte: 1, line: 1, etag: 5 }]) {
      await expectRefused(csv({ from: inPieces('a\n1\n', 4) }), cursor);
    }
    expect(() => csv({ from: inPieces('', 1), header: false })).toThrow(TypeError);
    expect(() => csv({ from: inPieces('', 1), encoding: 'utf-61' })).toThrow(RangeError);
    expect(() => csv({ from: inPieces('', 1), encoding: 'utf-16le' })).toThrow(RangeError);
  });

  it('infers the row from the columns', () => {
    const from = inPieces('', 1);
    expectTypeOf(csv({ from })).toEqualTypeOf<Source<Record<string, string>>>();
    expectTypeOf(csv({ from, columns: ['sku', 'cents'] })).toEqualTypeOf<
      Source<Record<'sku' | 'cents', string>>
    >();
  });
});
