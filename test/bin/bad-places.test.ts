import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../functions/local/index.ts';
import { endDatabaseServers } from '../database-servers.ts';
import { type BuiltOptions, runBuilt, runShell } from './built-program.ts';

/** A user without a name and a home, for whom root's folders are read-only. */
const STRANGER = 61_234;
const isRoot = process.getuid?.() === 0;

let app: string;
const apps: string[] = [];
beforeAll(async () => {
  app = await newApp();
  expect(await runBuilt(['run', '--local'], { cwd: app })).toMatchObject({ code: 0 });
});
afterAll(async () => {
  for (const folder of apps) {
    await endDatabaseServers(folder);
    await chmod(folder, 0o755);
    await rm(folder, { recursive: true, force: true });
  }
});

async function newApp(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'after-party-places-'));
  apps.push(folder);
  await mkdir(join(folder, 'tasks'));
  await writeFile(join(folder, 'cdk.json'), '{}');
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(folder, 'tasks/20260105093000_say_hello.ts'),
    `import { defineTask } from 'after-party/task';
export default defineTask({ run({ logger }) { for (let i = 0; i < 200; i++) logger.info('hello '.repeat(50)); } });`,
  );
  return folder;
}

const local = (argv: readonly string[], options: Partial<BuiltOptions> = {}) =>
  runBuilt([...argv, '--local'], { cwd: app, ...options });

describe('a name that is in no list', () => {
  const commands = [
    ['show'],
    ['history'],
    ['logs'],
    ['pause'],
    ['resume'],
    ['cancel'],
    ['invoke'],
    ['invoke', '--task'],
    ['skip', '--reason', 'x'],
    ['mark-done', '--reason', 'x'],
    ['reset', '--yes', '--reason', 'x'],
  ];

  it.each(commands)('is refused and named by %s %s %s %s', async (...words) => {
    const argv = words.filter((word) => word !== undefined);
    for (const name of ['999', 'say_helo', '99_nobody.ts']) {
      const ended = await local([...argv, name]);

      expect(ended, name).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(name) });
      expect(ended.stderr).not.toMatch(/\n\s+at /);
    }
  });

  it('is refused by rate and baseline', async () => {
    expect(await local(['rate', '999', '5'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('999'),
    });
    const until = await local(['baseline', '--until', '999', '--reason', 'x']);
    expect(until).toMatchObject({ code: 2, stderr: expect.stringContaining('999') });
  });

  it('does not keep the names beside it from being right, nor is anything done for those', async () => {
    const ended = await local(['skip', 'say_hello', 'nobody', '--reason', 'x']);

    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody') });
    expect((await local(['show', 'say_hello'])).stdout).not.toContain('skipped');
  });
});

describe('a number that is none', () => {
  it.each(['0', '-1', '1.5', 'abc', '1e3', 'Infinity', '99999999999999999999', '0x10', ' 5'])(
    '%j is refused by --limit',
    async (number) => {
      const ended = await local(['invoke', 'say_hello', '--limit', number]);

      expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--limit') });
    },
  );

  it.each(['0', '-1', 'abc', '1e3', 'Infinity', '9'.repeat(400)])('%j is refused by rate', async (number) => {
    expect(await local(['rate', 'say_hello', '--', number])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('params that are wrong', () => {
  it.each([
    ['{"a": x}', /--params is no valid JSON: line 1, column 7: expected a value/],
    ['{"a": "top secret}', /line 1, column 7: the text that begins here has no end/],
    ['[]', /--params is no JSON object/],
    ['null', /--params is no JSON object/],
    ['@nowhere.json', /nowhere\.json/],
    ['@tasks', /cannot be read/],
    ['@wrong.json', /wrong\.json is no valid JSON: line 2, column 3: expected a name in double quotes or }/],
  ])('%s', async (params, says) => {
    await writeFile(join(app, 'wrong.json'), '{\n  a: 1\n}');

    const ended = await local(['invoke', 'say_hello', '--yes', '--params', params]);

    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
    expect(ended.stderr).not.toContain('top secret');
  });
});

describe('a pipe that nobody reads', () => {
  it.each([
    ['--help'],
    ['completion bash'],
    ['status --local'],
    ['status --local --json'],
    ['show say_hello --local'],
    ['history --local'],
    ['plan --local'],
    ['logs say_hello --local --since 1h'],
    ['generate task --help'],
    ['no-such-command'],
  ])('ends %s quietly', async (line) => {
    for (const reader of ['true', 'head -n 1']) {
      const { stdout, stderr } = await runShell(
        `after-party ${line} 2>errors | ${reader}; echo "code \${PIPESTATUS[0]}"`,
        {
          cwd: app,
        },
      );

      const errors = await readFile(join(app, 'errors'), 'utf8');
      expect(stderr + errors).not.toMatch(/EPIPE|\n\s+at |Unhandled/);
      expect(stdout).toMatch(line === 'no-such-command' ? /code 2\n$/ : /code 0\n$/);
    }
  });

  it('of what is said beside the data ends quietly too', async () => {
    const { stdout } = await runShell(
      'after-party invoke say_hello --yes --local 2>&1 >printed | true; echo "code $PIPESTATUS"',
      { cwd: app },
    );

    expect(stdout).not.toMatch(/EPIPE|\n\s+at /);
    expect(stdout).toMatch(/code [01]\n$/);
  });
});

describe('a place that is wrong', () => {
  it('has no home', async () => {
    const ended = await local(['status'], { env: { HOME: undefined } });
    const nobody = await runBuilt(['status', '--stack', 'Shop'], {
      cwd: app,
      env: {
        HOME: undefined,
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_MAX_ATTEMPTS: '1',
      },
      ...(isRoot && { uid: STRANGER }),
    });

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(nobody).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        isRoot ? /^error this user has no home folder.*\n.*set HOME/ : /^error AWS cannot be reached/,
      ),
    });
  });

  it('is read-only, which init, generate and --local say', async () => {
    const folder = await newApp();
    await chmod(folder, 0o555);
    await chmod(join(folder, 'tasks'), 0o555);
    const stranger = { cwd: folder, ...(isRoot && { uid: STRANGER }) };

    for (const argv of [
      ['init'],
      ['generate', 'task', 'say_more'],
      ['status', '--local'],
      ['invoke', 'say_hello', '--local'],
      ['status', '--local', '--reset'],
    ]) {
      const ended = await runBuilt(argv, stranger);

      expect(ended, argv.join(' ')).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/^(there is no .*\n)?error .*(EACCES|EPERM|cannot be written)/),
      });
      expect(ended.stderr).not.toMatch(/\n\s+at /);
    }
  });

  it('is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'after-party-gone-'));

    const { stderr } = await runShell(
      `cd '${folder}' && rmdir '${folder}' && after-party status --local; echo "code $?" >&2`,
      { cwd: app },
    );

    expect(stderr).toMatch(/^error .*\n(.*\n)?code 2\n$/);
  });
});

describe('an .after-party', () => {
  const state = (folder: string, name: string) => join(folder, '.after-party', name);

  it.each([
    ['of an older version', 'format.json', '{"format":0}', /made by an older version of after-party/],
    ['of a newer version', 'format.json', '{"format":99}', /made by a newer version of after-party/],
    ['with a damaged mark', 'format.json', '{', /is damaged/],
    ['with a damaged database', 'db/CURRENT', 'MANIFEST-999999\n', /cannot be opened/],
  ])('%s is refused and kept, until --reset empties it', async (_, file, text, says) => {
    const folder = await newApp();
    expect(await local(['run'], { cwd: folder })).toMatchObject({ code: 0 });
    await endDatabaseServers(folder);
    await writeFile(state(folder, file), text);
    await writeFile(state(folder, 'notes.txt'), 'mine');

    const refused = await local(['status'], { cwd: folder });
    const untouched = await readFile(state(folder, file), 'utf8');
    const emptied = await local(['status', '--reset'], { cwd: folder });

    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
    expect(refused.stderr).toContain('--reset');
    expect(untouched).toBe(text);
    expect(emptied).toMatchObject({ code: 0, stderr: expect.stringContaining('was emptied') });
    expect(emptied.stdout).toMatch(/pending {2}20260105093000 {2}say_hello/);
    expect(await readFile(state(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('that another command works with is not emptied', async () => {
    const folder = await newApp();
    expect(await local(['run'], { cwd: folder })).toMatchObject({ code: 0 });
    const other = await openDatabase(join(folder, '.after-party'));

    const refused = await local(['status', '--reset'], { cwd: folder });
    other.close();
    const kept = await local(['status'], { cwd: folder });

    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(
      /^error .*cannot be emptied: another command of after-party works with it/,
    );
    expect(kept.stdout).toMatch(/succeeded {2}20260105093000/);
  });

  it.each([
    ['server.json', '{"pid":'],
    ['bundles/inputs.json', '{'],
    ['logs/x.jsonl', '{"at":\n'],
  ])('with a damaged %s works all the same', async (file, text) => {
    const folder = await newApp();
    expect(await local(['run'], { cwd: folder })).toMatchObject({ code: 0 });
    await endDatabaseServers(folder);
    await writeFile(state(folder, file), text);

    expect(await local(['logs', 'say_hello'], { cwd: folder })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('hello'),
    });
  });
});
