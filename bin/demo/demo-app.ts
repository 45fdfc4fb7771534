import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../../functions/manifest.ts';
import { checkTasksLoad } from '../../lib/load-check.ts';
import { bundleTasks } from '../../lib/task-bundle.ts';
import { findTaskFiles } from '../../lib/task-files.ts';

const EXAMPLES = fileURLToPath(new URL('../../tasks/', import.meta.url));

/** A deploy's code: the runner's bundle, and what the controller knows of it. */
export interface TaskBundle {
  readonly entry: string;
  readonly manifest: Manifest;
}

/** The folder of an app that takes over the example tasks one after the other. */
export class DemoApp {
  readonly folder: string;
  readonly tasksFolder: string;
  /** Where `--local` keeps the app's ledger. */
  readonly ledgerFolder: string;
  readonly #bundles: string;
  readonly #variables: Readonly<Record<string, string>>;

  private constructor(folder: string, variables: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.tasksFolder = join(folder, 'tasks');
    this.ledgerFolder = join(folder, '.after-party');
    this.#bundles = join(folder, 'bundles');
    this.#variables = variables;
  }

  /** Makes the folder anew, with a `cdk.json` by which the command line knows an app. */
  static async create(folder: string, variables: Readonly<Record<string, string>>): Promise<DemoApp> {
    const app = new DemoApp(folder, variables);
    // The database stays: the server of an earlier demo may still have it open.
    for (const stale of [app.tasksFolder, app.#bundles, join(app.ledgerFolder, 'logs')]) {
      await rm(stale, { recursive: true, force: true });
    }
    await mkdir(app.tasksFolder, { recursive: true });
    await mkdir(app.#bundles);
    await writeFile(join(folder, 'cdk.json'), '{}\n');
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(app.tasksFolder, '.env.local'), lines.join(''));
    return app;
  }

  /** Adds example tasks, by their names, and the modules that they share. */
  async add(names: readonly string[]): Promise<void> {
    for (const file of await readdir(EXAMPLES)) {
      const isShared = file.startsWith('_');
      if (isShared || names.some((name) => file.endsWith(`_${name}.ts`))) {
        await copyFile(join(EXAMPLES, file), join(this.tasksFolder, file));
      }
    }
  }

  /** Does what synth does with the tasks. */
  async synth(): Promise<TaskBundle> {
    const bundle = await mkdtemp(join(this.#bundles, 'bundle-'));
    bundleTasks(this.tasksFolder, findTaskFiles(this.tasksFolder), {}, bundle);
    const manifest = checkTasksLoad({
      bundle,
      folder: this.tasksFolder,
      environment: this.#variables,
      region: 'us-east-1',
      needsModules: false,
    });
    return { entry: join(bundle, 'index.mjs'), manifest };
  }
}
