import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, parseManifest } from '../../functions/manifest.ts';
import { checkTasksLoad } from '../../lib/load-check.ts';
import { bundleTasks } from '../../lib/task-bundle.ts';
import { findTaskFiles } from '../../lib/task-files.ts';

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

const KEPT_MILLISECONDS = 24 * 3_600_000;

/**
 * Bundles the tasks. A bundle that came out before is not loaded again to learn what its tasks are.
 * @throws PartyError for what would fail the synth, too
 */
export async function localBundle({
  tasksFolder,
  folder,
  environment,
}: LocalBundleOptions): Promise<LocalBundle> {
  const tasks = findTaskFiles(tasksFolder);
  await mkdir(folder, { recursive: true });
  const fresh = await mkdtemp(join(folder, 'new-'));
  try {
    bundleTasks(tasksFolder, tasks, {}, fresh);
    const kept = join(folder, await contentHash(fresh));
    if (!existsSync(join(kept, 'manifest.json'))) {
      const check = { bundle: fresh, folder: tasksFolder, region: 'us-east-1', needsModules: false };
      const manifest = checkTasksLoad({ ...check, environment: await environment() });
      await writeFile(join(fresh, 'manifest.json'), JSON.stringify(manifest));
      await keep(fresh, kept);
      await forgetOld(folder, kept);
    }
    const file = join(kept, 'manifest.json');
    return {
      entry: join(kept, 'index.mjs'),
      manifest: parseManifest(JSON.parse(await readFile(file, 'utf8')), file),
    };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
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
    if (!existsSync(join(kept, 'manifest.json'))) throw error;
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
