import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { inject } from 'vitest';
import { type CommandResult, runCommand } from './command.ts';

/** What a shell has in which somebody works with the app; nothing of the repository's is on its PATH. */
export function appEnvironment(installation: string, endpoint: string): NodeJS.ProcessEnv {
  return {
    PATH: [join(installation, 'node_modules', '.bin'), dirname(process.execPath), ...systemPath()].join(
      delimiter,
    ),
    HOME: join(installation, 'home'),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    // Whoever starts cdk from a test hands this on; its deploys must differ from each other nevertheless.
    VITEST: 'true',
    // CDK's own look at the templates takes longer than all else of a synth: one synth of all has it.
    CDK_VALIDATION: 'false',
  };
}

/** Where programs are found, without those that npm put there for the repository's own scripts. */
function systemPath(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
}

/** A CDK app in a folder below the installation. */
export class CdkApp {
  readonly folder: string;
  readonly #installation = inject('installation');

  constructor(name: string) {
    this.folder = join(this.#installation, name);
  }

  get environment(): NodeJS.ProcessEnv {
    return appEnvironment(this.#installation, inject('endpoint'));
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }

  read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.folder, path));
  }

  deploy(...args: string[]): Promise<CommandResult> {
    return this.run('cdk', 'deploy', '--require-approval', 'never', '--no-notices', ...args);
  }

  destroy(): Promise<CommandResult> {
    return this.run('cdk', 'destroy', '--force', '--no-notices');
  }

  /** The installed program, as `npx after-party` would run it. */
  afterParty(...args: string[]): Promise<CommandResult> {
    return this.run('after-party', ...args);
  }

  run(program: string, ...args: string[]): Promise<CommandResult> {
    return this.runIn(this.environment, program, ...args);
  }

  runIn(env: NodeJS.ProcessEnv, program: string, ...args: string[]): Promise<CommandResult> {
    return runCommand(program, args, { cwd: this.folder, env, timeoutMs: 300_000 });
  }

  /** The stack's template as it was synthesized last. */
  async template(stack: string): Promise<Template> {
    return JSON.parse(await readFile(join(this.folder, 'cdk.out', `${stack}.template.json`), 'utf8'));
  }

  /** The names of the assets in `cdk.out`: each ends in its hash. */
  async assets(): Promise<string[]> {
    const names = await readdir(join(this.folder, 'cdk.out'));
    return names.filter((name) => name.startsWith('asset.')).sort();
  }
}

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
}

export interface TemplateResource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
