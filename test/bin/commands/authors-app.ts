import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { commandLine, type Ended } from '../command-line.ts';

/** A folder with a `cdk.json`, in which tasks are generated. */
export class AuthorsApp {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<AuthorsApp> {
    const app = new AuthorsApp(await mkdtemp(join(tmpdir(), 'after-party-app-')));
    onTestFinished(() => rm(app.folder, { recursive: true }));
    await app.write('cdk.json', '{}');
    return app;
  }

  generate(...argv: string[]): Promise<Ended> {
    return this.generateIn('.', ...argv);
  }

  generateIn(below: string, ...argv: string[]): Promise<Ended> {
    return commandLine(['generate', 'task', ...argv], { cwd: join(this.folder, below) });
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  textOf(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  /** The paths of all files. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
      .sort();
  }
}
