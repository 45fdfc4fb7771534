import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPORT_MODULES, runProgramFile } from '../child-program.ts';
import { commandLine } from '../command-line.ts';
import { synthesize } from '../party/synthesized-app.ts';

let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-complete-'));
  await mkdir(join(app, 'tasks/old'), { recursive: true });
  await writeFile(join(app, 'cdk.json'), '{}');
  for (const file of ['1_restart_search.ts', '12_recalculate.ts', 'old/3_seed.ts', '_shared.ts'])
    await writeFile(join(app, 'tasks', file), '');
});
afterAll(() => rm(app, { recursive: true }));

/** The words that the last one can be completed to. */
function completed(...words: string[]): Promise<string[]> {
  return completedIn(app, words);
}

async function completedIn(
  cwd: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string[]> {
  const { code, stdout, stderr } = await commandLine(['__complete', '--', ...words], { cwd, env });
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0] ?? '');
}

describe('what is completed', () => {
  it.each([
    [['sho'], ['show']],
    [['m'], ['mark-done']],
    [['generate', 't'], ['task']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['completion', 'bash', 'z'], []],
    [
      ['show', ''],
      ['restart_search', 'seed', 'recalculate'],
    ],
    [
      ['show', 're'],
      ['restart_search', 'recalculate'],
    ],
    [['show', 'restart_search', 're'], ['recalculate']],
    [
      ['show', '1'],
      ['1', '12'],
    ],
    [['rate', 'seed', '10', '--l'], ['--local']],
    [['rate', 'seed', ''], []],
    [['cancel', 'se'], ['seed']],
    [
      ['invoke', '--task', 're'],
      ['restart_search', 'recalculate'],
    ],
    [
      ['invoke', '--task=re'],
      ['--task=restart_search', '--task=recalculate'],
    ],
    [['baseline', '--until', 'se'], ['seed']],
    [
      ['status', 'in'],
      ['interrupted', 'in-doubt'],
    ],
    [['status', 'failed', 'fa'], []],
    [
      ['status', 're'],
      ['restart_search', 'recalculate'],
    ],
    [['invoke', '--params', '{}', 'se'], ['seed']],
    [['invoke', '--params', ''], []],
    [['invoke', '--params={}', 'se'], ['seed']],
    [['status', '--st'], ['--stack']],
    [['status', '--json', '--js'], []],
    [['invoke', '--key', 'a', '--ke'], ['--key']],
    [['show', '--', '--st'], []],
    [['show', '--', 'se'], ['seed']],
    [['no-such-command', ''], []],
    [['generate', 'task', ''], []],
    [['__comp'], []],
  ])('%j: %j', async (words, expected) => {
    expect(await completed(...words)).toEqual(expected);
  });

  it('is a flag where no more words belong', async () => {
    expect(await completed('rate', 'seed', '10', '')).toContain('--stack');
    expect(await completed('completion', 'bash', '')).toEqual(['--help']);
  });

  it('is every command and every flag that the help shows, and nothing hidden', async () => {
    const help = (await commandLine(['--help'])).stdout;
    const commands = [...help.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name);
    expect(await completed('')).toEqual(commands.filter((name) => name !== 'after-party'));

    const invokeHelp = (await commandLine(['invoke', '--help'])).stdout;
    const flags = [...invokeHelp.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect(new Set(await completed('invoke', '--'))).toEqual(new Set(flags));
  });

  it('says what each word is', async () => {
    const { stdout } = await commandLine(['__complete', '--', 'show', 'se'], { cwd: app });
    expect(stdout).toBe('seed\t3\n');
  });

  it('is found without AWS and without what commands load', async () => {
    const { stdout, stderr } = await runProgramFile(['__complete', '--', 'show', 's'], {
      cwd: app,
      nodeFlags: REPORT_MODULES,
    });
    expect(stdout).toBe('seed\t3\n');
    const packages = [...stderr.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map(([, name]) => name);
    expect(packages).toContain('commander');
    expect(
      packages.filter((name) => /aws|esbuild|dynalite|classic-level|valibot|clack/.test(name ?? '')),
    ).toEqual([]);
  });
});

describe('the value of a flag', () => {
  let shop: string;
  beforeAll(async () => {
    shop = await mkdtemp(join(tmpdir(), 'after-party-values-'));
    await synthesize(shop, [
      { stack: 'Dev-Shop', env: 'dev' },
      { stack: 'Prod-Shop', env: 'production' },
      { stack: 'Prod-Shop', env: 'production', party: 'Chores' },
      { stack: 'Late-Shop', env: { Ref: 'Name' } },
    ]);
    await mkdir(join(shop, 'tasks/.templates'), { recursive: true });
    await writeFile(join(shop, 'tasks/.templates/crm.ts'), '');
    await writeFile(join(shop, 'tasks/.templates/crm.test.ts'), '');
    await writeFile(join(shop, 'config'), '[default]\n[profile ops]\n[sso-session x]\n');
  });
  afterAll(() => rm(shop, { recursive: true }));

  it.each([
    [
      ['status', '--env', ''],
      ['dev', 'production'],
    ],
    [['status', '--env=p'], ['--env=production']],
    [['dev', 'seed', '--env', 'd'], ['dev']],
    [['status', '--stack', 'P'], ['Prod-Shop']],
    [
      ['status', '--party', ''],
      ['Tasks', 'Chores'],
    ],
    [['status', '--stack', 'Dev-Shop', '--party', ''], ['Tasks']],
    [
      ['status', '--env=production', '--party', ''],
      ['Tasks', 'Chores'],
    ],
    [
      ['status', '--compare', ''],
      ['dev', 'production', 'Dev-Shop', 'Prod-Shop', 'Late-Shop'],
    ],
    [['status', '--compare', 'dev,p'], ['dev,production']],
    [['status', '--compare', 'dev,d'], []],
    [['status', '--region', ''], []],
    [
      ['generate', 'task', 'x', '--template', 'c'],
      ['csv', 'crm'],
    ],
    [
      ['status', '--profile', ''],
      ['default', 'ops'],
    ],
  ])('%j: %j', async (words, expected) => {
    const files = { AWS_CONFIG_FILE: join(shop, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(shop, 'none') };
    expect(await completedIn(join(shop, 'tasks'), words, files)).toEqual(expected);
  });

  it('says of which stack an environment is', async () => {
    const { stdout } = await commandLine(['__complete', '--', 'status', '--env', 'd'], { cwd: shop });
    expect(stdout).toBe('dev\tDev-Shop\n');
  });

  it.each(['--env', '--stack', '--party', '--compare'])(
    'is found nowhere for %s in an app that was not synthesised, and outside of one',
    async (flag) => {
      expect(await completed('status', flag, '')).toEqual([]);
      expect(await completedIn(tmpdir(), ['status', flag, ''])).toEqual([]);
    },
  );

  it('is found nowhere where what was synthesised cannot be read, and nothing is said', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'after-party-broken-'));
    try {
      await synthesize(broken, [{ stack: 'Dev-Shop' }]);
      await writeFile(join(broken, 'cdk.out/manifest.json'), 'no JSON');
      expect(await completedIn(broken, ['status', '--env', ''])).toEqual([]);
      await writeFile(join(broken, 'cdk.json'), 'no JSON');
      expect(await completedIn(broken, ['status', '--env', ''])).toEqual([]);
    } finally {
      await rm(broken, { recursive: true });
    }
  });

  it('is looked for without a library where there is no app', async () => {
    const { stderr } = await runProgramFile(['__complete', '--', 'status', '--env', ''], {
      cwd: tmpdir(),
      nodeFlags: REPORT_MODULES,
    });
    expect(stderr).not.toMatch(/valibot|app-parties/);
  });
});
