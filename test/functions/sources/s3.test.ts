import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { csv, jsonLines, s3Objects } from '../../../functions/sources/index.ts';
import { expectRefused, expectResumable, open, readAll, STRANGE_CURSORS, take } from './reading.ts';
import { type S3Server, startS3Server } from './s3-server.ts';

let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3Server();
});
afterAll(() => s3.stop());
beforeEach(() => {
  s3.objects.clear();
  s3.requests.length = 0;
});

const MB = 1024 * 1024;

function put(key: string, content: string): { bucket: string; key: string; client: S3Server['client'] } {
  s3.objects.set(key, Buffer.from(content));
  return { bucket: 'files', key, client: s3.client };
}

describe('a file in S3', () => {
  it('is resumed exactly behind any row, of either kind', async () => {
    const rows = Array.from({ length: 30 }, (_, index) => ({ id: `${index}`, name: `né "${index}"\n` }));
    const text = rows.map(({ id, name }) => `${id},"${name.replaceAll('"', '""')}"\r\n`).join('');

    await expectResumable(csv({ from: put('a.csv', `id,name\r\n${text}`) }), rows, { runs: 15 });
    const lines = rows.map((row) => JSON.stringify(row)).join('\n');
    await expectResumable(jsonLines<object>({ from: put('a b/ü#.jsonl', lines) }), rows, { runs: 15 });
  });

  it('is fetched in parts, from the byte where it goes on', async () => {
    const line = `"${'x'.repeat(MB - 3)}"\n`;
    const from = put('big.jsonl', line.repeat(5));
    const { cursor } = await take(jsonLines({ from }), 3);
    s3.requests.length = 0;
    expect(await readAll(jsonLines({ from }), { cursor })).toHaveLength(2);

    expect(cursor).toEqual({ byte: 3 * MB, line: 3, etag: expect.stringContaining(`${5 * MB}-`) });
    expect(s3.requests.map(({ range }) => range)).toEqual([`bytes=${3 * MB}-${5 * MB - 1}`]);
    s3.requests.length = 0;
    await readAll(jsonLines({ from }));
    expect(s3.requests.map(({ range }) => range)).toEqual(
      [0, 2, 4].map((start) => `bytes=${start * MB}-${(start + 2) * MB - 1}`),
    );
  });

  it('is fetched again where a body broke off', async () => {
    const from = put('a.jsonl', '1\n2\n3\n');
    s3.breakOff(2);
    expect(await readAll(jsonLines({ from }))).toEqual([1, 2, 3]);
    s3.breakOff(3);
    await expect(readAll(jsonLines({ from }))).rejects.toThrow();
  });

  it('may be empty', async () => {
    expect(await readAll(jsonLines({ from: put('empty', '') }))).toEqual([]);
    await expect(readAll(csv({ from: put('empty', '') }))).rejects.toMatchObject({
      code: 'bad-header',
      message: 's3://files/empty, line 1: the file is empty, without even a header',
    });
  });

  it('is refused once it was replaced, between slices and within one', async () => {
    const from = put('a.csv', 'id\n1\n2\n3\n');
    const { cursor } = await take(csv({ from }), 1);
    put('a.csv', 'id\n1\n2\n4\n5\n');

    await expect(readAll(csv({ from }), { cursor })).rejects.toThrow(
      new RangeError(
        's3://files/a.csv was replaced while it was being read: what was done was of another file',
      ),
    );

    const big = put('big', `"${'x'.repeat(MB)}"\n`.repeat(6));
    const reading = (async () => {
      for await (const _ of open(jsonLines({ from: big }))) put('big', 'other');
    })();
    await expect(reading).rejects.toThrow(RangeError);
  });

  it('is named in errors, with the line, and with what to do', async () => {
    await expect(readAll(csv({ from: put('a.csv', 'id\n1,2\n') }))).rejects.toThrow(
      's3://files/a.csv, line 2: ',
    );
    const missing = { bucket: 'files', key: 'missing', client: s3.client };
    await expect(readAll(csv({ from: missing }))).rejects.toMatchObject({
      code: 'cannot-read-s3',
      message: 'cannot read s3://files/missing: NoSuchKey: NoSuchKey it is',
    });
    await expect(readAll(csv({ from: { ...missing, key: 'secret' } }))).rejects.toMatchObject({
      code: 'cannot-read-s3',
      resolution: expect.stringContaining('bucket.grantRead(party)'),
    });
  });
});

describe('s3Objects', () => {
  it('gives every object in the order of the keys, and resumes exactly behind any', async () => {
    const keys = [
      'a',
      'a b',
      'a+b',
      'a/1',
      'a/2',
      'b&<c>',
      '\u0001x',
      'é',
      '🎉',
      '\uFFFD',
      ...Array.from({ length: 12 }, (_, i) => `n-${i}`),
    ];
    for (const key of keys) put(key, key);
    const source = s3Objects({ bucket: 'files', client: s3.client });
    const objects = await readAll(source);

    expect(objects.map(({ key }) => key)).toEqual(
      keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    expect(objects.find(({ key }) => key === 'a b')).toEqual({
      bucket: 'files',
      key: 'a b',
      client: s3.client,
      size: 3,
      etag: '"e"',
      lastModified: new Date('2026-01-05T09:30:00Z'),
    });
    await expectResumable(source, objects, { runs: 15 });
  });

  it('gives only what begins with the prefix, as locations that a file is read from', async () => {
    put('in/1.jsonl', '1\n2\n');
    put('out/1.jsonl', '3\n');
    const [object, ...others] = await readAll(
      s3Objects({ bucket: 'files', prefix: 'in/', client: s3.client }),
    );

    expect(others).toEqual([]);
    expect(object && (await readAll(jsonLines({ from: object })))).toEqual([1, 2]);
    expect(await readAll(s3Objects({ bucket: 'files', prefix: 'none', client: s3.client }))).toEqual([]);
  });

  it('goes on behind an object that was deleted meanwhile', async () => {
    for (const key of ['a', 'b', 'c']) put(key, key);
    const source = s3Objects({ bucket: 'files', client: s3.client });
    const { cursor } = await take(source, 2);
    s3.objects.delete('b');

    expect((await readAll(source, { cursor })).map(({ key }) => key)).toEqual(['c']);
  });

  it('refuses a cursor of another shape, and explains what it may not list', async () => {
    for (const cursor of STRANGE_CURSORS) {
      await expectRefused(s3Objects({ bucket: 'files', client: s3.client }), cursor);
    }
    await expect(readAll(s3Objects({ bucket: 'elsewhere', client: s3.client }))).rejects.toMatchObject({
      code: 'cannot-read-s3',
      message: 'cannot list s3://elsewhere/: NoSuchBucket: NoSuchBucket it is',
    });
  });
});
