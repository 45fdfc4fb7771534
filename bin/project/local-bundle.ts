import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageVersion } from '../../functions/controller/package-version.ts';
import { isPartyError } from '../../functions/errors.ts';
import { type Manifest, parseManifest } from '../../functions/manifest.ts';
import { findTasks, type NamedTask, withChecksum } from '../../lib/task-files.ts';
import { BundleInputs } from './bundle-inputs.ts';

export interface LocalBundle {
  /** An ES module that exports the runner's `handler`. */
  readonly entry: string;
  readonly manifest: Manifest;
}

export interface LocalBundleOptions {
  readonly tasksFolder: string;
  /** Where the bundles are kept. */
  readonly folder: string;
  /** The variables with which the tasks are loaded once; asked for only where that is needed. */
  readonly environment: () => Promise<Readonly<Record<string, string>>>;
}

const MADE_BY = `after-party ${packageVersion}, Node.js ${process.version}`;
const MANIFEST = 'manifest.json';
const KEPT_MILLISECONDS = 24 * 3_600_000;

/**
 * Bundles the tasks, unless nothing has changed since they last were. A bundle that came out before is not loaded
 * again to learn what its tasks are.
 * @throws PartyError for what would fail the synth, too
 */
export async function localBundle(options: LocalBundleOptions): Promise<LocalBundle> {
  const { tasksFolder, folder } = options;
  const startedAt = Date.now();
  const tasks = findTasks(tasksFolder);
  const origin = { madeBy: MADE_BY, tasksFolder, tasks: JSON.stringify(tasks) };
  const inputs = new BundleInputs(folder);
  const unchanged = await inputs.unchangedBundle(origin);
  if (unchanged !== undefined && isKept(join(folder, unchanged))) {
    const known = await readUndamaged(join(folder, unchanged));
    if (known !== undefined) return known;
  }
  await mkdir(folder, { recursive: true });
  const { kept, files } = await bundle(options, tasks);
  // Also by its own path: a link to a task may be led elsewhere.
  const paths = [...files, ...tasks.map(({ file }) => join(tasksFolder, file))];
  await inputs.remember(origin, basename(kept), paths, startedAt);
  return read(kept);
}

async function bundle(
  { tasksFolder, folder, environment }: LocalBundleOptions,
  named: readonly NamedTask[],
): Promise<{ kept: string; files: string[] }> {
  // Loaded only here: most commands find the bundle made.
  const { bundleTasks } = await import('../../lib/task-bundle.ts');
  const fresh = await mkdtemp(join(folder, 'new-'));
  try {
    const tasks = named.map((task) => withChecksum(tasksFolder, task));
    const files = bundleTasks(tasksFolder, tasks, {}, fresh);
    const kept = join(folder, await contentHash(fresh));
    if (!isKept(kept)) {
      const { checkTasksLoad } = await import('../../lib/load-check.ts');
      const check = { bundle: fresh, folder: tasksFolder, region: 'us-east-1', needsModules: false };
      const manifest = checkTasksLoad({ ...check, environment: await environment() });
      await writeFile(join(fresh, MANIFEST), JSON.stringify(manifest));
      await keep(fresh, kept);
      await forgetOld(folder, kept);
    }
    return { kept, files };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function isKept(folder: string): boolean {
  return existsSync(join(folder, MANIFEST));
}

/** What is damaged is only a copy of what can be made again: it is removed. */
async function readUndamaged(kept: string): Promise<LocalBundle | undefined> {
  try {
    return await read(kept);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isPartyError(error)) throw error;
    await rm(kept, { recursive: true, force: true });
    return undefined;
  }
}

async function read(kept: string): Promise<LocalBundle> {
  const file = join(kept, MANIFEST);
  return {
    entry: join(kept, 'index.mjs'),
    manifest: parseManifest(JSON.parse(await readFile(file, 'utf8')), file),
  };
}

async function contentHash(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, file);
    if ((await stat(path)).isFile())
      hash
        .update(`${file}\0`)
        .update(await readFile(path))
        .update('\0');
  }
  return hash.digest('hex');
}

/** Another process may have kept the same bundle at the same time: one of the two is enough. */
async function keep(fresh: string, kept: string): Promise<void> {
  try {
    await rename(fresh, kept);
  } catch (error) {
    if (!isKept(kept)) throw error;
  }
}

/** A run under way may still import from its bundle: those of the last day stay. */
async function forgetOld(folder: string, current: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const isOld = (await stat(path)).mtimeMs < Date.now() - KEPT_MILLISECONDS;
    if (path !== current && isOld) await rm(path, { recursive: true, force: true });
  }
}
