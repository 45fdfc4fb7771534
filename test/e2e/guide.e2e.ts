import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { appEnvironment } from './harness/cdk-app.ts';
import { runCommand } from './harness/command.ts';

const GUIDE = join(import.meta.dirname, '..', '..', 'docs', 'guide.md');
/** Where somebody reads who follows the guide, and what the page has them do there. */
let folder: string;
let home: string;

interface Block {
  readonly language: string;
  readonly text: string;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'after-party-guide-'));
  home = join(folder, 'home');
  await mkdir(home);
  // What a person would answer when the CDK CLI asks whether it may create roles.
  await writeFile(join(home, '.cdk.json'), JSON.stringify({ requireApproval: 'never' }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('leads from an empty folder to a deployed task, a failure and its repair, word for word', async () => {
  const shell = new Shell(folder);
  let printed = '';
  let code: number | null = 0;
  for (const [index, { language, text }] of blocks(await readFile(GUIDE, 'utf8')).entries()) {
    const where = `block ${index + 1}:\n${text}\n\nprinted before:\n${printed}`;
    if (language === 'sh') {
      expect(code, where).toBe(0);
      ({ code, printed } = await shell.run(text));
    } else if (language === 'ts') {
      expect(code, where).toBe(0);
      await writeModule(shell.folder, text);
    } else {
      if (text.startsWith('❌')) code = code === 1 ? 0 : code;
      for (const line of text.trim().split('\n')) expect(squeezed(printed), where).toMatch(pattern(line));
    }
  }
  expect(code, printed).toBe(0);
}, 900_000);

/** A shell that stays in the folder to which it changed. */
class Shell {
  folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async run(text: string): Promise<{ code: number | null; printed: string }> {
    const place = join(home, 'folder');
    // The one thing that differs: the package comes from the file that was packed, not from the registry.
    const script = text.replace('install after-party ', `install ${await tarball()} `);
    const { exitCode, output } = await runCommand('bash', ['-euc', `trap 'pwd > ${place}' EXIT\n${script}`], {
      cwd: this.folder,
      env: environment(),
      timeoutMs: 400_000,
    });
    this.folder = (await readFile(place, 'utf8')).trim();
    return { code: exitCode, printed: output };
  }
}

/** What npm needs to reach its registry from this machine; all else is as in a fresh shell. */
const FOR_NPM = /^(NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|https?_proxy|no_proxy|npm_config_(registry|cafile))$/i;

function environment(): NodeJS.ProcessEnv {
  const env = appEnvironment(inject('installation'), inject('endpoint'));
  const own = join(String(process.env.HOME), '.npm');
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => FOR_NPM.test(name))),
    ...env,
    // The app has its own programs.
    PATH: String(env.PATH).split(delimiter).slice(1).join(delimiter),
    HOME: home,
    // What was once downloaded need not be again.
    npm_config_cache: process.env.npm_config_cache ?? own,
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
  };
}

async function tarball(): Promise<string> {
  const name = (await readdir(inject('installation'))).find((file) => file.endsWith('.tgz'));
  return join(inject('installation'), String(name));
}

function blocks(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** Writes a module whose first line names it; the version of a task is the one that its file has. */
async function writeModule(app: string, text: string): Promise<void> {
  const [, named = ''] = /^\/\/ (\S+)\n/.exec(text) ?? [];
  const files = await readdir(join(app, 'tasks'));
  const own = (part: string): string =>
    part.replaceAll(/\d{14}_(\w+)/g, (_, name: string) => {
      const file = files.find((each) => each.endsWith(`_${name}.ts`));
      if (file === undefined) throw new Error(`generate task wrote no file for ${name}`);
      return file.slice(0, -3);
    });
  const path = join(app, own(named));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, own(text));
}

/** What was printed, without the line breaks that the CDK CLI puts into long lines. */
function squeezed(printed: string): string {
  return printed.replace(/\s+/g, ' ');
}

/** A line of what the guide says one sees; `…` stands for what differs. */
function pattern(line: string): RegExp {
  const parts = line
    .trim()
    .split(/ ?… ?/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, ' '));
  return new RegExp(parts.join('.*?'));
}
