import { Readable } from 'node:stream';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { jsonLines } from '../../../functions/sources/index.ts';
import type { Json, Source } from '../../../functions/task/source.ts';
import fc from '../../fast-check.ts';
import { expectRefused, expectResumable, open, readAll, STRANGE_CURSORS, take } from './reading.ts';
import { inPieces } from './streams.ts';

const files = fc
  .record({
    values: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 12 }),
    lineEnd: fc.constantFrom('\n', '\r\n', '\n\n'),
    mark: fc.constantFrom('', '\uFEFF'),
    endsWithLine: fc.boolean(),
  })
  .map(({ values, lineEnd, mark, endsWithLine }) => {
    const lines = values.map((value) => JSON.stringify(value));
    return {
      text: mark + lines.join(lineEnd) + (endsWithLine ? lineEnd : ''),
      values: lines.map((line) => JSON.parse(line) as unknown),
    };
  });

describe('jsonLines', () => {
  it('reads any values, in any pieces, and resumes exactly behind any', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 1, max: 40 }), async ({ text, values }, size) => {
        await expectResumable(jsonLines<unknown>({ from: inPieces(text, size) }), values, { runs: 2 });
      }),
      { numRuns: 60 },
    );
  });

  it('keeps in its cursor where the next line begins', async () => {
    const cursors: Json[] = [];
    const from = inPieces('\uFEFF"é"\r\n\n2', 2);
    for await (const [, cursor] of open(jsonLines({ from }))) cursors.push(cursor);

    expect(cursors).toEqual([
      { byte: 9, line: 1 },
      { byte: 11, line: 3 },
    ]);
  });

  it('reads a line of 1 MB', async () => {
    const long = { text: 'x'.repeat(1024 * 1024) };
    expect(await readAll(jsonLines({ from: inPieces(`1\n${JSON.stringify(long)}\n2`, 65_536) }))).toEqual([
      1,
      long,
      2,
    ]);
  });

  it.each([
    ['that is not JSON', '1\n\n{"a":}\n', 'bad-row', `line 3: '{"a":}' is not JSON`],
    ['that is cut short', '1\n2\n{"a":', 'bad-row', 'line 3: '],
    ['that is not UTF-8', Buffer.from('1\n2\n"\xe9"\n', 'latin1'), 'bad-encoding', 'line 3 is not UTF-8'],
  ])('names a line %s, after those before it', async (_, content, code, message) => {
    const source = jsonLines({ from: inPieces(content, 100) });
    const { items, cursor } = await take(source, code === 'bad-row' && message.includes('{"a":}') ? 1 : 2);

    expect(items[0]).toBe(1);
    for (const from of [{}, { cursor }]) {
      await expect(readAll(source, from)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
    }
  });

  it('refuses a line of more than 16 MB', async () => {
    const endless = (): Readable =>
      Readable.from(
        (function* () {
          yield Buffer.from('1\n2\n"');
          while (true) yield Buffer.alloc(1024 * 1024, 'x');
        })(),
      );
    await expect(readAll(jsonLines({ from: endless }))).rejects.toMatchObject({
      code: 'bad-row',
      message: 'the stream, line 3: the line has more than 16 MB',
    });
  });

  it('refuses a cursor of another shape, and of a file that is shorter now', async () => {
    const source = jsonLines({ from: inPieces('1\n2\n', 4) });
    for (const cursor of STRANGE_CURSORS) await expectRefused(source, cursor);
    await expect(readAll(source, { cursor: { byte: 5, line: 2 } })).rejects.toThrow(
      new RangeError('the stream has 4 bytes, but 5 of it were already read'),
    );
    await expect(readAll(source, { cursor: { byte: 1, line: 1 } })).resolves.toEqual([2]);
  });

  it('gives the items the type that is asked for', () => {
    const from = inPieces('', 1);
    expectTypeOf(jsonLines<{ id: string }>({ from })).toEqualTypeOf<Source<{ id: string }>>();
    expectTypeOf(jsonLines({ from })).toEqualTypeOf<Source<Json>>();
  });
});
