import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { localBundle } from '../../../bin/project/local-bundle.ts';
import * as taskBundle from '../../../lib/task-bundle.ts';

vi.mock(import('../../../lib/task-bundle.ts'), { spy: true });
const bundleTasks = vi.mocked(taskBundle.bundleTasks);

const root = resolve(import.meta.dirname, '../../..');
const TASK =
  "import { defineTask } from 'after-party/task';\nimport { word } from './_word';\nexport default defineTask({ description: word, run() {} });\n";

/** An app whose files are all as old as those of an app that nobody edits at this moment. */
async function app() {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const tasksFolder = join(folder, 'tasks');
  await mkdir(tasksFolder);
  await mkdir(join(folder, 'node_modules/dependency'), { recursive: true });
  await symlink(root, join(folder, 'node_modules/after-party'));
  const write = async (file: string, text: string): Promise<void> => {
    await writeFile(join(folder, file), text);
    await sleep(150);
  };
  await writeFile(join(folder, 'node_modules/dependency/index.js'), "export const what = 'said';\n");
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(tasksFolder, '_word.ts'), "export { what as word } from 'dependency';\n");
  await write('tasks/1_say.ts', TASK);
  bundleTasks.mockClear();
  const options = { tasksFolder, folder: join(folder, '.after-party'), environment: async () => ({}) };
  return { folder, tasksFolder, write, make: () => localBundle(options) };
}

const descriptions = ({ manifest }: Awaited<ReturnType<typeof localBundle>>): string[] =>
  manifest.tasks.map(({ description }) => description);

describe('localBundle', () => {
  it('makes a bundle once as long as nothing changes', async () => {
    const { make } = await app();

    const first = await make();
    const second = await make();

    expect(second).toEqual(first);
    expect(existsSync(second.entry)).toBe(true);
    expect(bundleTasks).toHaveBeenCalledTimes(1);
  });

  const changes: Record<string, [(at: Awaited<ReturnType<typeof app>>) => Promise<unknown>, string[]]> = {
    'a task is edited': [
      ({ write }) => write('tasks/1_say.ts', TASK.replace('word,', "'edited',")),
      ['edited'],
    ],
    'a module that a task imports is edited': [
      ({ write }) => write('tasks/_word.ts', "export const word = 'else';\n"),
      ['else'],
    ],
    'a module is edited in its size and time of change alike': [
      async ({ folder, write }) => {
        const file = join(folder, 'tasks/_word.ts');
        const old = new Date(0);
        await utimes(file, old, old);
        await write('tasks/_word.ts', "export const word = 'same length of text';");
        await utimes(file, old, old);
      },
      ['same length of text'],
    ],
    'a dependency is installed anew': [
      ({ write }) => write('node_modules/dependency/index.js', "export const what = 'new';\n"),
      ['new'],
    ],
    'a module comes before another': [
      ({ write }) => write('tasks/_word.tsx', "export const word = 'before';\n"),
      ['before'],
    ],
    'a task is added in a new subfolder': [
      async ({ tasksFolder, write }) => {
        await mkdir(join(tasksFolder, 'more'));
        await write('tasks/more/2_more.ts', TASK.replace('./_word', '../_word'));
      },
      ['said', 'said'],
    ],
    'a task is renamed': [
      ({ tasksFolder }) => rename(join(tasksFolder, '1_say.ts'), join(tasksFolder, '3_say.ts')),
      ['said'],
    ],
    'a task is removed': [({ tasksFolder }) => rm(join(tasksFolder, '1_say.ts')), []],
    'a tsconfig.json comes that leads elsewhere': [
      async ({ write }) => {
        await write('elsewhere.ts', "export const word = 'elsewhere';\n");
        await write(
          'tsconfig.json',
          '{ "compilerOptions": { "paths": { "dependency": ["./elsewhere.ts"] } } }',
        );
        await write('elsewhere.ts', "export const what = 'elsewhere';\n");
      },
      ['elsewhere'],
    ],
    'the bundle is gone': [
      async ({ folder }) => {
        const inputs = join(folder, '.after-party/inputs.json');
        const { bundle } = JSON.parse(await readFile(inputs, 'utf8'));
        await rm(join(folder, '.after-party', bundle), { recursive: true });
      },
      ['said'],
    ],
    'its manifest is damaged': [
      async ({ folder }) => {
        const inputs = join(folder, '.after-party/inputs.json');
        const { bundle } = JSON.parse(await readFile(inputs, 'utf8'));
        await writeFile(join(folder, '.after-party', bundle, 'manifest.json'), '{"v":1,"tas');
      },
      ['said'],
    ],
    'its manifest is that of another version': [
      async ({ folder }) => {
        const inputs = join(folder, '.after-party/inputs.json');
        const { bundle } = JSON.parse(await readFile(inputs, 'utf8'));
        await writeFile(join(folder, '.after-party', bundle, 'manifest.json'), '{"v":0}');
      },
      ['said'],
    ],
    'what was noted is damaged': [
      ({ folder }) => writeFile(join(folder, '.after-party/inputs.json'), '{ "v": 1, "stamps": {'),
      ['said'],
    ],
    'another version made it': [
      async ({ folder }) => {
        const inputs = join(folder, '.after-party/inputs.json');
        const text = await readFile(inputs, 'utf8');
        await writeFile(inputs, text.replace(process.version, 'v0.0.1'));
      },
      ['said'],
    ],
  };

  it.each(Object.entries(changes))('makes it anew when %s', async (_, [change, expected]) => {
    const at = await app();
    await at.make();

    await change(at);
    const bundle = await at.make();

    expect(descriptions(bundle)).toEqual(expected);
    expect(bundle.manifest.tasks).toHaveLength(expected.length);
    expect(bundleTasks).toHaveBeenCalledTimes(2);
  });

  it('makes it anew when a link to a task is led elsewhere', async () => {
    const { folder, tasksFolder, write, make } = await app();
    const link = join(tasksFolder, '1_say.ts');
    const lead = async (to: string): Promise<void> => {
      await rm(link);
      await symlink(join(folder, to), link);
    };
    const task = (description: string) =>
      TASK.replace(/import { word }.*\n/, '').replace('word,', `'${description}',`);
    await write('one.ts', task('one'));
    await lead('one.ts');
    await write('other.ts', task('other'));
    expect(descriptions(await make())).toEqual(['one']);

    await lead('other.ts');

    expect(descriptions(await make())).toEqual(['other']);
    expect(bundleTasks).toHaveBeenCalledTimes(2);
  });

  it('does not trust a file that may have changed while the bundle was made', async () => {
    const { make, tasksFolder } = await app();
    await writeFile(join(tasksFolder, '_word.ts'), "export const word = 'just now';\n");

    await make();
    await make();

    expect(bundleTasks).toHaveBeenCalledTimes(2);
  });
});
