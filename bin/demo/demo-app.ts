import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocalBundle, localBundle } from '../project/local-bundle.ts';

const EXAMPLES = fileURLToPath(new URL('../../tasks/', import.meta.url));

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
    this.#bundles = join(this.ledgerFolder, 'bundles');
    this.#variables = variables;
  }

  /** Makes the folder anew, with a `cdk.json` by which the command line knows an app. */
  static async create(folder: string, variables: Readonly<Record<string, string>>): Promise<DemoApp> {
    const app = new DemoApp(folder, variables);
    // The database stays: the server of an earlier demo may still have it open.
    for (const stale of [app.tasksFolder, join(app.ledgerFolder, 'logs')]) {
      await rm(stale, { recursive: true, force: true });
    }
    await mkdir(app.tasksFolder, { recursive: true });
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

  /** Bundles the tasks as they are now, and learns what they are. */
  synth(): Promise<LocalBundle> {
    const { tasksFolder } = this;
    return localBundle({ tasksFolder, folder: this.#bundles, environment: async () => this.#variables });
  }
}
