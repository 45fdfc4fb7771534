import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPORT_MODULES, runProgramFile } from '../child-program.ts';
import { commandLine } from '../command-line.ts';

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
async function completed(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await commandLine(['__complete', '--', ...words], { cwd: app });
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
