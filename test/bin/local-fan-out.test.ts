import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endDatabaseServers } from '../database-servers.ts';
import { runProgramFile } from './child-program.ts';

/** Notes each of 20 keys; one fails until its file is there. */
const GREET = `
import { appendFileSync, existsSync } from 'node:fs';
import { defineTask } from 'after-party/task';

export default defineTask({
  forEach: () => Array.from({ length: 20 }, (_, index) => 'tenant ' + (index + 1)),
  parallel: 4,
  run({ key, env, logger }) {
    appendFileSync(env.SEEN, key + '\\n');
    logger.info('greeting');
    if (key === 'tenant 7' && !existsSync(env.MENDED)) throw new Error('nobody at home');
    return 'greeted';
  },
});
`;
const COUNT = `
import { defineTask } from 'after-party/task';
import { list } from 'after-party/sources';

export default defineTask({
  when: 'manual',
  shards: 3,
  items: ({ shard }) => list([shard.index]),
  process() {},
});
`;

let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-fan-out-'));
  await mkdir(join(app, 'tasks'));
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  await writeFile(join(app, 'tasks/1_greet.ts'), GREET);
  await writeFile(join(app, 'tasks/2_count.ts'), COUNT);
  await writeFile(
    join(app, 'tasks/.env.local'),
    `SEEN=${join(app, 'seen')}\nMENDED=${join(app, 'mended')}\n`,
  );
});
afterAll(async () => {
  await endDatabaseServers(app);
  await rm(app, { recursive: true, force: true });
});

const local = (...argv: string[]) => runProgramFile([...argv, '--local'], { cwd: app });
const json = async (...argv: string[]) => JSON.parse((await local(...argv, '--json')).stdout);
/** The keys that were executed since it was last asked, in their order. */
const seen = async () => {
  const text = await readFile(join(app, 'seen'), 'utf8').catch(() => '');
  await writeFile(join(app, 'seen'), '');
  return text
    .split('\n')
    .filter(Boolean)
    .sort((a, b) => Number(a.slice(7)) - Number(b.slice(7)));
};
const KEYS = Array.from({ length: 20 }, (_, index) => `tenant ${index + 1}`);

describe('a task of 20 keys with --local', { timeout: 120_000 }, () => {
  it('knows none before it was split, and takes no limit', async () => {
    const early = await local('invoke', 'greet', '--key', 'tenant 7');
    expect(early).toMatchObject({ code: 2, stdout: '' });
    expect(early.stderr).toContain('task 1_greet has not been split yet, so it has no keys');
    const limited = await local('invoke', 'count', '--limit', '5');
    expect(limited).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('2_count is split into shards'),
    });
    expect(await seen()).toEqual([]);
  });

  it('of which one fails, executes all, ends with 1, and says which and how many', async () => {
    const { code, stdout, stderr } = await local('invoke', 'greet');

    expect(code).toBe(1);
    expect(stdout).toContain('1 of 20 failed: key "tenant 7": Error: nobody at home');
    expect(stderr).toContain('greet "tenant 7"  INFO  greeting');
    expect(await seen()).toEqual(KEYS);
  });

  it('is shown with it', async () => {
    const shown = await local('show', 'greet');
    expect(shown.stdout).toContain('  split     20 keys: 19 succeeded, 1 failed\n');
    expect(shown.stdout).toMatch(/\nnot succeeded\n {2}failed {2}key "tenant 7" {2}\S+ +nobody at home\n/);

    const all = await json('show', 'greet');
    expect(all.children).toHaveLength(20);
    expect(all.children[6]).toMatchObject({
      ...{ number: 7, key: 'tenant 7', shard: null, state: 'failed', attempt: 1 },
      error: { message: 'nobody at home' },
    });
    const { tasks } = await json('status');
    expect(tasks[0]).toMatchObject({
      state: 'failed',
      split: { of: 'keys', count: 20, succeeded: 19, failed: 1 },
    });
    expect((await local('status')).stdout).toMatch(/failed .* 1 of 20 failed: key "tenant 7"/);
    expect((await local('logs', 'greet')).stdout).toContain('"tenant 7"  INFO  greeting');
  });

  it('refuses what makes no sense, and starts nothing', async () => {
    for (const [argv, words] of [
      [['--key', 'tenent 7'], 'has no key "tenent 7" (did you mean "tenant 7"'],
      [['--key', 'tenant 7', '--from-start'], '--from-start splits a task anew'],
      [['count', '--key', 'tenant 7'], '2 are named'],
      [['--key', 'tenant 1'], 'key "tenant 1" of 1_greet is succeeded'],
    ] as const) {
      const { code, stderr } = await local('invoke', 'greet', ...argv);
      expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
    }
    expect(await seen()).toEqual([]);
  });

  it('is repaired by that key alone', async () => {
    const failing = await local('invoke', 'greet', '--key', 'tenant 7');
    expect(failing.code).toBe(1);
    expect(await seen()).toEqual(['tenant 7']);
    await writeFile(join(app, 'mended'), '');

    const { code, stdout } = await local('invoke', 'greet', '--key', 'tenant 7');

    expect(code).toBe(0);
    expect(stdout).toMatch(/succeeded {2}key "tenant 7" {2}\S+ {2}greeted/);
    expect(await seen()).toEqual(['tenant 7']);
    expect(await json('show', 'greet')).toMatchObject({ state: 'succeeded', result: '20 keys', attempt: 3 });
  });

  it('is due again after the reset of two, which the next run executes alone', async () => {
    const reset = await local(
      'reset',
      'greet',
      '--key',
      'tenant 3',
      '--key',
      'tenant 7',
      '--reason',
      'lost',
      '--yes',
    );
    expect(reset).toMatchObject({ code: 0 });
    expect(reset.stdout).toContain('key "tenant 3" is pending  "lost"\n');
    await rm(join(app, 'mended'));

    const { code } = await local('run');

    expect(code).toBe(1);
    expect(await seen()).toEqual(['tenant 3', 'tenant 7']);
  });

  it('is done with the last that a person marks so', async () => {
    const { code, stdout } = await local('mark-done', 'greet', '--key', 'tenant 7', '--reason', 'by mail');
    expect(code).toBe(0);
    expect(stdout).toBe('key "tenant 7" is succeeded  "by mail"\n1_greet is succeeded  20 keys\n');

    const child = await json('show', 'greet', '--key', 'tenant 7');
    expect(child).toMatchObject({ state: 'succeeded', child: { key: 'tenant 7' } });
    expect(child.history.map(({ state }: { state: string }) => state)).toEqual([
      ...['failed', 'failed', 'succeeded', 'reset', 'failed', 'marked as done'],
    ]);
    expect((await local('run')).stdout).toContain('no pending tasks to run');
    expect(await seen()).toEqual([]);
  });
});
