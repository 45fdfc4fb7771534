import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { writeReserved } from '../../../bin/project/reserved-task.ts';
import { runBuilt } from '../built-program.ts';

const NOW = Date.parse('2026-11-20T09:20:00.000Z');
const NAMES = ['one', 'two', 'three', 'four', 'five', 'six'];

let app: string;
let tasks: string;
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-reserved-'));
  tasks = join(app, 'tasks');
  await writeFile(join(app, 'cdk.json'), '{}');
  onTestFinished(() => rm(app, { recursive: true }));
});

const write = (name: string) =>
  writeReserved(tasks, name, NOW, async (version) => {
    await writeFile(join(tasks, `${version}_${name}.ts`), '');
    return version;
  });

it('gives tasks that are written at the same time versions of their own, one after the other', async () => {
  const versions = await Promise.all(NAMES.map(write));
  expect(versions.sort()).toEqual(NAMES.map((_, index) => `2026112009200${index}`));
  expect((await readdir(tasks)).filter((file) => file.startsWith('.'))).toEqual([]);
});

it('writes one of several of one name, and says so of the others', async () => {
  const ends = await Promise.allSettled([write('one'), write('one'), write('one')]);
  const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  expect(refused).toHaveLength(2);
  for (const reason of refused) expect(reason).toMatchObject({ code: 'duplicate-name' });
  expect(await readdir(tasks)).toEqual(['20261120092000_one.ts']);
});

it('passes over a version that was reserved by a process that is gone, and names the file of such a name', async () => {
  await mkdir(tasks);
  await writeFile(join(tasks, '.20261120092000.new'), '');
  await writeFile(join(tasks, '.two.new'), '');
  expect(await write('one')).toBe('20261120092001');
  await expect(write('two')).rejects.toMatchObject({
    message: 'a task two is just being generated: there is tasks/.two.new',
    resolution: expect.stringContaining('remove that file'),
  });
});

it('holds nothing once the writing has failed', async () => {
  const failing = writeReserved(tasks, 'one', NOW, async () => {
    throw new Error('disk full');
  });
  await expect(failing).rejects.toThrow('disk full');
  expect(await readdir(tasks)).toEqual([]);
});

it('keeps processes apart that generate at the same moment', async () => {
  const ends = await Promise.all(
    [...NAMES, 'one', 'one'].map((name) => runBuilt(['generate', 'task', name], { cwd: app })),
  );

  expect(ends.map(({ code }) => code).sort()).toEqual([...NAMES.map(() => 0), 2, 2]);
  const files = await readdir(tasks);
  expect(new Set(files.map((file) => file.split('_')[0])).size).toBe(NAMES.length);
  expect(files.map((file) => file.replace(/^\d+_/, '')).sort()).toEqual(
    NAMES.map((name) => `${name}.ts`).sort(),
  );
});
