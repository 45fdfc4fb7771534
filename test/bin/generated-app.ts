import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const MODULES = join(ROOT, 'node_modules');
/** Variables by which a runner that another one starts takes over how that one works. */
const INHERITED = ['VITEST', 'VITEST_POOL_ID', 'VITEST_WORKER_ID', 'NODE_TEST_CONTEXT', 'JEST_WORKER_ID'];

/** Path of a file of an installed package. */
export function installed(path: string): string {
  return join(MODULES, path);
}

/** A folder of its own with these files, and with this package and the given ones installed. */
export async function installApp(
  files: Readonly<Record<string, string>>,
  packages: readonly string[],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'after-party-generated-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) await write(join(folder, path), text);
  await mkdir(join(folder, 'node_modules'));
  await symlink(ROOT, join(folder, 'node_modules/after-party'));
  for (const name of packages) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(installed(name), link);
  }
  return folder;
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Runs a program in an app with Node: all that it says, and its exit code in the last line. */
export function runInApp(folder: string, program: string, args: readonly string[]): Promise<string> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  for (const name of INHERITED) delete env[name];
  return new Promise((done) => {
    execFile(
      process.execPath,
      [program, ...args],
      { cwd: folder, env: { ...env, NO_COLOR: '1' }, maxBuffer: 2 ** 26 },
      (error, out, err) => done(`${out}${err}\nexit code ${error?.code ?? 0}`),
    );
  });
}
