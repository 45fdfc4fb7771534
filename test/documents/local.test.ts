import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../bin/party/connect.ts';
import { runProgram } from '../../bin/program.ts';
import { endDatabaseServers } from '../database-servers.ts';
import { type CommandLine, repository } from './pages.ts';
import { runLocally } from './run-by.ts';

/** The tasks that the documents speak of, as far as the commands notice. */
const TASKS = {
  '20260126080000_restart_search': "run: () => 'restarted'",
  '20260209150000_notify_issue_111': "delivery: 'at-most-once', run: () => 'sent'",
  '20260216090000_backfill_full_name':
    "tags: ['users'], items: list(['ann', 'bob', 'eve']), process(name, { logger }) { logger.info('looked at ' + name); return 1; }",
  '20260223090000_seed_default_roles':
    "forEach: () => ['acme', 'beta'], run({ key, attempt }) { if (key === 'acme' && attempt === 1) throw new Error('HTTP 503'); }",
  '20260302090000_recalculate_invoices':
    "when: 'manual', params: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, run: () => 'done'",
};

/** What else than 0 a command line says by its exit code. */
const EXIT_CODES: readonly (readonly [RegExp, number])[] = [
  [/ --check$/, 3],
  [/ --follow$/, 130],
];
/** What a command that goes on until Ctrl-C has said by then. */
const ENDLESS: readonly (readonly [RegExp, string])[] = [
  [/ --follow$/, 'looked at eve'],
  [/ dev /, 'waiting for changes'],
];

const lines = unique(runLocally);
const folders: string[] = [];

async function newApp(tasks: Readonly<Record<string, string>> = {}): Promise<string> {
  const app = await mkdtemp(join(tmpdir(), 'after-party-documents-'));
  folders.push(app);
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  await symlink(join(repository, 'node_modules'), join(app, 'node_modules'));
  await mkdir(join(app, 'tasks'));
  for (const [name, options] of Object.entries(tasks)) {
    const imports = `import { list } from 'after-party/sources';\nimport { defineTask } from 'after-party/task';\n`;
    await writeFile(
      join(app, 'tasks', `${name}.ts`),
      `${imports}export default defineTask({ ${options} });\n`,
    );
  }
  return app;
}

afterAll(async () => {
  for (const folder of folders) {
    await endDatabaseServers(folder);
    await rm(folder, { recursive: true, force: true });
  }
});

describe('a command line in the documents', () => {
  let app: string;
  beforeAll(async () => {
    app = await newApp(TASKS);
  });
  const local = (words: readonly string[], until?: string) => {
    const hasNoParty = words[0] === 'dev' || words[0] === 'completion';
    return afterParty(hasNoParty ? words : [...words, '--local'], app, until);
  };

  it.each(lines.filter(({ words: [name] }) => name !== 'generate'))('$text', async ({ text, ...line }) => {
    const words = withoutPlace(line.words);
    for (const before of preparing(words)) await local(before);

    const { code, printed } = await local(words, ENDLESS.find(([pattern]) => pattern.test(text))?.[1]);

    const expected = EXIT_CODES.find(([pattern]) => pattern.test(text))?.[1] ?? 0;
    expect(code, printed).toBe(expected);
  });

  it.each(lines.filter(({ words: [name] }) => name === 'generate'))('$text', async ({ words }) => {
    const { code, printed } = await afterParty(words, await newApp());

    expect(code, printed).toBe(0);
  });
});

/**
 * Runs the real program in this process: a start of node for each would take minutes. Once it has said `until`, it
 * gets a Ctrl-C.
 */
async function afterParty(
  words: readonly string[],
  cwd: string,
  until?: string,
): Promise<{ readonly code: number; readonly printed: string }> {
  const env = { PATH: process.env.PATH, HOME: '/nowhere', USER: 'ann' };
  let printed = `${words.join(' ')}\n`;
  const listeners = new Set<() => void>();
  const interruptOnceSaid = () => {
    if (until !== undefined && printed.includes(until)) for (const listener of listeners) listener();
  };
  const stream = () => Object.assign(new PassThrough(), { isTTY: false });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  for (const written of [stdout, stderr]) {
    written.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      interruptOnceSaid();
    });
  }
  const code = await runProgram(words, {
    version: '1.2.3',
    streams: { stdin, stdout, stderr, env },
    cwd,
    now: Date.now,
    onInterrupt: (listener) => {
      listeners.add(listener);
      interruptOnceSaid();
      return () => listeners.delete(listener);
    },
    connect: (options) => connect(options, { cwd, env, onWarning: (message) => stderr.write(message) }),
  });
  return { code, printed };
}

/** What has to have happened for a command to make sense. */
function preparing([command = '', ...rest]: readonly string[]): string[][] {
  const task = rest.find((word) => word.includes('_')) ?? '';
  const reset = ['reset', task, '--reason', 'anew', '--yes'];
  if (rest.includes('--follow')) return [reset, ['invoke', task]];
  if (rest.includes('--key')) return [reset, ['invoke', task]];
  const interrupted = [reset, ['invoke', task, '--limit', '1']];
  switch (command) {
    case 'invoke':
      return [reset];
    case 'pause':
    case 'rate':
    case 'cancel':
      return interrupted;
    case 'resume':
      return [...interrupted, ['pause', task]];
    default:
      return [];
  }
}

/** Which stack is meant does not matter here. */
function withoutPlace(words: readonly string[]): string[] {
  return words.filter(
    (word, index) => word !== '--local' && word !== '--stack' && words[index - 1] !== '--stack',
  );
}

function unique(all: readonly CommandLine[]): CommandLine[] {
  const named = all.map((line) => [withoutPlace(line.words).join(' '), line] as const);
  return [...new Map(named).values()];
}
