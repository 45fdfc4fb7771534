import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { TaskFile } from '../../functions/runner/task-file.ts';
import { bundleTasks, type TaskBundling } from '../../lib/task-bundle.ts';
import { findTaskFiles } from '../../lib/task-files.ts';
import { TASK, taskModule, tasksFolder, temporaryFolder, writeFiles } from './app-under-test.ts';

function bundled(folder: string, bundling: TaskBundling = {}): string {
  const out = temporaryFolder();
  bundleTasks(folder, findTaskFiles(folder), bundling, out);
  return out;
}

function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** The code of the tasks, without the runtime's chunks. */
function codeOf(folder: string, name: string): string {
  const file = readdirSync(folder).find((found) => found.startsWith(name) && found.endsWith('.mjs'));
  return readFileSync(join(folder, file ?? ''), 'utf8');
}

vi.setConfig({ testTimeout: 60_000 });

describe('bundleTasks', () => {
  it('exports the handler and the tasks, each imported when it is loaded', async () => {
    const folder = tasksFolder({ '1_good.ts': TASK, '2_bad.ts': "throw new Error('on load');" });

    const bundle: { handler: unknown; files: TaskFile[] } = await import(
      pathToFileURL(join(bundled(folder), 'index.mjs')).href
    );

    expect(bundle.handler).toBeTypeOf('function');
    expect(bundle.files.map(({ version, name, file }) => ({ version, name, file }))).toEqual([
      { version: '1', name: 'good', file: '1_good.ts' },
      { version: '2', name: 'bad', file: '2_bad.ts' },
    ]);
    await expect(bundle.files[0]?.load()).resolves.toHaveProperty('default.when', 'once');
    await expect(bundle.files[1]?.load()).rejects.toThrow('on load');
  });

  it('is the same wherever the project lies', () => {
    const files = {
      'tasks/1_a.ts': taskModule('run: () => shared()', "import { shared } from './_shared.ts';"),
      'tasks/2_b.ts': taskModule('run: () => shared()', "import { shared } from './_shared.ts';"),
      'tasks/_shared.ts': "import { where } from 'some-package'; export const shared = () => where;",
      'node_modules/some-package/index.js': "exports.where = 'here';",
    };
    const one = writeFiles(temporaryFolder(), files);
    const other = temporaryFolder();
    cpSync(one, other, { recursive: true });

    const [first, second] = [contents(bundled(join(one, 'tasks'))), contents(bundled(join(other, 'tasks')))];
    expect(Object.keys(second)).toEqual(Object.keys(first));
    expect(Object.keys(second).filter((name) => second[name] !== first[name])).toEqual([]);
  });

  it('says nothing of the folder that it was made in', () => {
    const folder = tasksFolder({ '1_a.ts': TASK });

    const texts = Object.entries(contents(bundled(folder, { minify: false })));

    expect(texts.filter(([, text]) => text.includes(folder)).map(([name]) => name)).toEqual([]);
  });

  it('maps stack traces to the files in tasks/', () => {
    const out = bundled(tasksFolder({ '1_a.ts': TASK }));

    const map = readdirSync(out).find((name) => name.startsWith('1_a') && name.endsWith('.map'));
    expect(JSON.parse(readFileSync(join(out, map ?? ''), 'utf8')).sources).toEqual(['tasks/1_a.ts']);
  });

  it('bundles CommonJS packages that require built-in modules', async () => {
    const folder = tasksFolder({
      '1_a.ts': "import { cwd } from './_legacy.cjs'; export const here = cwd();",
    });
    writeFiles(folder, { '_legacy.cjs': "exports.cwd = () => require('node:path').basename('/a/b');" });

    const bundle: { files: TaskFile[] } = await import(
      pathToFileURL(join(bundled(folder), 'index.mjs')).href
    );

    expect(await bundle.files[0]?.load()).toHaveProperty('here', 'b');
  });

  it('takes the options of bundling', () => {
    const code = `import text from './_query.sql'; import x from 'in-a-layer'; console.log(text, x, STAGE);`;
    const folder = tasksFolder({ '1_a.ts': code, '_query.sql': 'select 1' });

    const out = bundled(folder, {
      externalModules: ['in-a-layer'],
      define: { STAGE: '"blue"' },
      loader: { '.sql': 'text' },
      minify: false,
      sourceMap: false,
      banner: '// ours',
    });

    const text = codeOf(out, '1_a');
    expect(text).toContain('from "in-a-layer"');
    expect(text).toContain('select 1');
    expect(text).toContain('"blue"');
    expect(text).toContain('// ours');
    expect(readdirSync(out).filter((name) => name.endsWith('.map'))).toEqual([]);
  });

  it('fails for every module that does not compile, with its line', () => {
    const folder = tasksFolder({ '1_a.ts': 'let x = 1;\nlet x = ;', '2_b.ts': "import 'not-installed';" });

    expect(() => bundled(folder)).toThrow(
      /tasks\/1_a\.ts:2:\d+: [\s\S]*tasks\/2_b\.ts:1:\d+: .*not-installed/,
    );
  });

  it('bundles a folder without tasks', () => {
    const folder = join(temporaryFolder(), 'tasks');
    mkdirSync(folder);

    expect(readdirSync(bundled(folder))).toContain('index.mjs');
  });
});
