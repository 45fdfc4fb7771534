import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createFiles, writeFiles } from '../../../bin/project/new-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'after-party-files-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});
const at = (name: string, text = 'new') => ({ path: join(folder, name), text });

it('writes none of the files where one fails once it is written, and leaves nothing behind', async () => {
  await writeFile(join(folder, 'a'), 'old');
  // Nothing shows before that the name is too long, for the file beside it that is to take its place.
  const tooLong = 'b'.repeat(250);

  const written = writeFiles([at('a'), at(tooLong), at('c')]);

  await expect(written).rejects.toMatchObject({
    code: 'not-writable',
    message: expect.stringContaining(tooLong),
  });
  expect(await readdir(folder)).toEqual(['a']);
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('old');
});

it('creates none of the files where one is there', async () => {
  await writeFile(join(folder, 'b'), 'old');

  const created = createFiles([at('a'), at('b')]);

  await expect(created).rejects.toMatchObject({
    code: 'exists',
    message: expect.stringContaining('nothing was written'),
  });
  expect(await readdir(folder)).toEqual(['b']);
  expect(await readFile(join(folder, 'b'), 'utf8')).toBe('old');
});

it('creates files and their folders', async () => {
  await createFiles([at('a/b/c', '1'), at('d', '2')]);

  expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a', 'a/b', 'a/b/c', 'd']);
  expect(await readFile(join(folder, 'a/b/c'), 'utf8')).toBe('1');
});
