import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { inject } from 'vitest';
import { appEnvironment } from './cdk-app.ts';
import { runCommand } from './command.ts';
import { packedTarball } from './packed-package.ts';

export interface Printed {
  readonly code: number | null;
  readonly printed: string;
}

/** What npm needs to reach its registry from this machine; all else is as in a fresh shell. */
const FOR_NPM = /^(NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|https?_proxy|no_proxy|npm_config_(registry|cafile))$/i;

/** The shell of somebody who follows a page, with a home of its own and nothing of the repository. */
export class Shell {
  /** Where it is: it stays in the folder to which it changed. */
  folder: string;
  readonly exported: Record<string, string> = {};
  readonly #root: string;
  readonly #home: string;
  readonly #programs: string;

  private constructor(root: string) {
    this.#root = root;
    this.folder = root;
    this.#home = join(root, 'home');
    this.#programs = join(this.#home, 'bin');
  }

  /** Opens one in a new folder, or in that of another. */
  static async open(folder?: string): Promise<Shell> {
    const shell = new Shell(await mkdtemp(join(tmpdir(), 'after-party-shell-')));
    await mkdir(shell.#programs, { recursive: true });
    if (folder !== undefined) shell.folder = folder;
    return shell;
  }

  close(): Promise<void> {
    return rm(this.#root, { recursive: true, force: true });
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  /** Has the CDK CLI do what it does once a person has said that it may create roles. */
  approveRoles(): Promise<void> {
    return writeFile(join(this.#home, '.cdk.json'), JSON.stringify({ requireApproval: 'never' }));
  }

  /** Puts a program on the PATH. */
  async install(name: string, script: string): Promise<void> {
    const path = join(this.#programs, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }

  /** Runs lines of a page. The one thing that differs: the package is the one that was packed, not the registry's. */
  async run(lines: string): Promise<Printed> {
    const place = join(this.#home, 'folder');
    const script = lines.replace('install after-party ', `install ${await packedTarball()} `);
    const { exitCode, output } = await runCommand('bash', ['-euc', `trap 'pwd > ${place}' EXIT\n${script}`], {
      cwd: this.folder,
      env: this.#environment(),
      timeoutMs: 400_000,
    });
    this.folder = (await readFile(place, 'utf8')).trim();
    return { code: exitCode, printed: output };
  }

  #environment(): NodeJS.ProcessEnv {
    const env = appEnvironment(inject('installation'), inject('endpoint'));
    const own = join(String(process.env.HOME), '.npm');
    // The app has its own programs.
    const [, ...path] = String(env.PATH).split(delimiter);
    return {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => FOR_NPM.test(name))),
      ...env,
      PATH: [this.#programs, ...path].join(delimiter),
      HOME: this.#home,
      // What was once downloaded need not be again.
      npm_config_cache: process.env.npm_config_cache ?? own,
      npm_config_prefer_offline: 'true',
      npm_config_audit: 'false',
      ...this.exported,
    };
  }
}
