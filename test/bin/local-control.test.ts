import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endDatabaseServers } from '../database-servers.ts';
import { runProgramFile } from './child-program.ts';

/** Notes each of 40 items; waits at the tenth for a file, and takes its time behind it. */
const COUNT = `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';
import { list } from 'after-party/sources';

export default defineTask({
  when: 'manual',
  items: list(Array.from({ length: 40 }, (_, index) => index + 1)),
  async process(item, { dryRun, env, logger }) {
    if (!dryRun) appendFileSync(env.SEEN, item + '\\n');
    if (item === 10 && !dryRun) logger.info('at the tenth');
    while (item === 10 && !dryRun && !existsSync(env.GO)) await sleep(20);
    // Time for the runner to look what people ask of it.
    if (item > 10 && !dryRun) await sleep(100);
  },
});
`;

let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-control-'));
  await mkdir(join(app, 'tasks'));
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  await writeFile(join(app, 'tasks/1_count.ts'), COUNT);
  await writeFile(join(app, 'tasks/2_whole.ts'), WHOLE);
  await writeFile(join(app, 'tasks/.env.local'), `SEEN=${join(app, 'seen')}\nGO=${join(app, 'go')}\n`);
});
afterAll(async () => {
  await endDatabaseServers(app);
  await rm(app, { recursive: true, force: true });
});

const WHOLE = `
import { defineTask } from 'after-party/task';
export default defineTask({ run: () => 'whole' });
`;

const local = (...argv: string[]) => runProgramFile([...argv, '--local'], { cwd: app });
const shown = async (name: string) => JSON.parse((await local('show', name, '--json')).stdout);
const seen = async () => (await readFile(join(app, 'seen'), 'utf8')).trim().split('\n').map(Number);
const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => from + index);

/** Calls back once the program's stderr has said so. */
function onceSaid(child: ChildProcess, words: string, then: () => void): void {
  let said = '';
  const listen = (chunk: Buffer) => {
    said += chunk.toString();
    if (!said.includes(words)) return;
    child.stderr?.off('data', listen);
    then();
  };
  child.stderr?.on('data', listen);
}

describe('long work with --local', { timeout: 90_000 }, () => {
  it('says what it would do, and records nothing but that', async () => {
    const dry = await local('invoke', 'count', '--dry-run');

    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain('dry run, of which nothing is kept but that it was: count (40 items)');
    expect(await shown('count')).toMatchObject({ state: 'manual', attempt: 1, progress: null, cursor: null });
  });

  it('stops at its limit, and goes on behind it', async () => {
    await writeFile(join(app, 'go'), '');
    const limited = await local('invoke', 'count', '--limit', '4');

    expect(limited.code).toBe(0);
    expect(limited.stdout).toContain('count stopped at 10 %: limit of 4 items reached');
    expect(await seen()).toEqual(upTo(4));
    expect(await shown('count')).toMatchObject({ state: 'interrupted', progress: { done: 4, total: 40 } });

    expect((await local('invoke', 'count', '--limit', '2')).code).toBe(0);

    expect(await seen()).toEqual(upTo(6));
    await rm(join(app, 'go'));
  });

  it('is paused while it runs, survives what deploys run, and is resumed where it stopped', async () => {
    const control: Promise<unknown>[] = [];
    const running = runProgramFile(['invoke', 'count', '--local'], {
      cwd: app,
      meanwhile: (child) =>
        onceSaid(child, 'at the tenth', () => {
          control.push(pauseAtTheTenth());
        }),
    });
    const paused = await running;
    await Promise.all(control);

    expect(control).toHaveLength(1);
    expect(paused.code).toBe(1);
    expect(paused.stdout).toMatch(/count is paused at \d+ %/);
    const count = await shown('count');
    expect(count).toMatchObject({ state: 'paused', rate: 500, reason: 'peak hours' });
    expect(count.progress.done).toBeGreaterThanOrEqual(10);
    expect(count.progress.done).toBeLessThan(40);
    expect((await local('run', '--all')).stdout).toContain('whole');
    expect((await shown('count')).state).toBe('paused');

    const resumed = await local('resume', 'count', '--reason', 'night');

    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain('1 of 1 ran: count (40 items');
    expect(await seen()).toEqual(upTo(40));
    expect((await shown('count')).history.map(({ state }: { state: string }) => state)).toEqual(
      expect.arrayContaining(['paused', 'resumed', 'succeeded']),
    );
  });

  async function pauseAtTheTenth(): Promise<void> {
    const rate = await local('rate', 'count', '500');
    const pause = await local('pause', 'count', '--reason', 'peak hours');
    expect(rate).toMatchObject({ code: 0, stdout: expect.stringContaining('from its next checkpoint on') });
    expect(pause).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^pause requested: 1_count stops/),
    });
    await writeFile(join(app, 'go'), '');
  }

  it('begins anew where it is told to', async () => {
    expect((await local('invoke', 'count', '--limit', '3', '--yes')).code).toBe(0);
    await writeFile(join(app, 'seen'), '');

    expect((await local('invoke', 'count', '--from-start', '--limit', '2')).code).toBe(0);

    expect(await seen()).toEqual([1, 2]);
  });

  it('is cancelled for good, and named where that makes no sense', async () => {
    const cancelled = await local('cancel', 'count', '--reason', 'wrong release');
    const again = await local('cancel', 'count');
    const whole = await local('rate', 'whole', '5');
    const limited = await local('invoke', 'whole', '--limit', '5', '--yes');

    expect(cancelled).toMatchObject({ code: 0, stdout: '1_count is cancelled  5 % · "wrong release"\n' });
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('task 1_count is cancelled') });
    expect(whole).toMatchObject({ code: 2, stderr: expect.stringContaining('goes through no items') });
    expect(limited).toMatchObject({ code: 2, stderr: expect.stringContaining('goes through no items') });
    expect((await shown('count')).history.at(-1)).toMatchObject({
      state: 'cancelled',
      by: 'ann on this machine',
    });
  });
});
