import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const APPS = join(root, 'test/kit-apps');
const MODULES = join(root, 'node_modules');
/** As strict as an app may be. */
const TSC = [
  ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck'],
  ...['--allowImportingTsExtensions', '--target', 'es2023', '--lib', 'es2024', '--types', 'node'],
];

/** A copy of the app in a folder of its own, with these packages installed. */
async function install(app: string, packages: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${app}-app-`));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(APPS, app), folder, { recursive: true });
  await cp(join(APPS, 'tasks'), join(folder, 'tasks'), { recursive: true });
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/after-party'));
  for (const name of packages) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(MODULES, name), link);
  }
  return folder;
}

function run(folder: string, program: string, args: readonly string[]): Promise<string> {
  // A runner started by another one would take over how that one works.
  const {
    VITEST: _,
    VITEST_POOL_ID: _pool,
    VITEST_WORKER_ID: _worker,
    NODE_OPTIONS: _options,
    ...env
  } = process.env;
  const { NODE_TEST_CONTEXT: _context, JEST_WORKER_ID: _jest, ...ours } = env;
  return new Promise((done) => {
    execFile(
      process.execPath,
      [program, ...args],
      { cwd: folder, env: { ...ours, NO_COLOR: '1' } },
      (error, out, err) => done(`${out}${err}\nexit code ${error?.code ?? 0}`),
    );
  });
}

async function typeErrors(folder: string, flags: readonly string[]): Promise<string> {
  await mkdir(join(folder, 'node_modules/@types'));
  await symlink(join(MODULES, '@types/node'), join(folder, 'node_modules/@types/node'));
  const files = ['test/trim-names.test.ts', 'tasks/20260105093000_trim_names.ts'];
  const said = await run(folder, join(MODULES, 'typescript/bin/tsc'), [...TSC, ...flags, ...files]);
  return said.replace(/\n?exit code 0$/, '');
}

it('tests a task with jest, as CommonJS', async () => {
  const folder = await install('jest', ['jest', '@jest/globals', '@swc/jest', '@swc/core']);

  const said = await run(folder, join(MODULES, 'jest/bin/jest.js'), []);

  expect(said).toMatch(/Tests: +4 passed, 4 total/);
  expect(said).toMatch(/exit code 0$/);
  expect(await typeErrors(folder, ['--module', 'node20'])).toBe('');
});

it('tests a task with vitest', async () => {
  const folder = await install('vitest', ['vitest']);

  const said = await run(folder, join(MODULES, 'vitest/vitest.mjs'), ['run']);

  expect(said).toMatch(/Tests +4 passed \(4\)/);
  expect(said).toMatch(/exit code 0$/);
  expect(await typeErrors(folder, ['--module', 'preserve', '--moduleResolution', 'bundler'])).toBe('');
});

it('tests a task with node:test', async () => {
  const folder = await install('node-test', []);

  const said = await run(folder, '--test', ['test/trim-names.test.ts']);

  expect(said).toMatch(/pass 4\b/);
  expect(said).toMatch(/exit code 0$/);
  expect(await typeErrors(folder, ['--module', 'nodenext'])).toBe('');
});
