import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endDatabaseServers } from '../database-servers.ts';
import { type ProgramOptions, REPORT_MODULES, runProgramFile } from './child-program.ts';

let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-local-'));
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
});
afterAll(async () => {
  await endDatabaseServers(app);
  await rm(app, { recursive: true, force: true });
});

const afterParty = (argv: readonly string[], options: ProgramOptions = {}) =>
  runProgramFile(argv, { cwd: app, ...options });
const local = (...argv: string[]) => afterParty([...argv, '--local']);
const json = async (...argv: string[]) => JSON.parse((await local(...argv, '--json')).stdout);
const writeTask = (file: string, body: string) =>
  writeFile(
    join(app, 'tasks', file),
    `import { defineTask } from 'after-party/task';\nexport default defineTask({ ${body} });\n`,
  );

describe('with --local', { timeout: 60_000 }, () => {
  it('runs a task that was just written, and says so', async () => {
    expect(await afterParty(['init'])).toMatchObject({ code: 0 });
    expect(await afterParty(['generate', 'task', 'say hello'])).toMatchObject({ code: 0 });
    expect((await json('status')).tasks).toMatchObject([{ name: 'say_hello', state: 'pending' }]);

    const { code, stdout, stderr } = await local('invoke', 'say_hello');

    expect(code).toBe(0);
    expect(stdout).toMatch(/succeeded {2}\d{14} {2}say_hello/);
    expect(stderr).toMatch(/say_hello {2}INFO {2}say_hello runs in local/);
    expect((await local('status')).stdout).toMatch(/^local · on this machine\n\n.*\n {2}succeeded/);
    expect((await local('logs', 'say_hello')).stdout).toContain('say_hello runs in local');
    expect((await json('show', 'say_hello')).history).toHaveLength(1);
  });

  it('runs what is pending up to a failure, and goes on once that is corrected', async () => {
    await writeTask('30001_broken.ts', "run() { throw new Error('HTTP 503'); }");
    await writeTask('30002_behind.ts', "run: ({ env }) => 'done'");

    const failed = await local('run');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('HTTP 503');
    const skipped = await local('skip', 'broken', '--reason', 'by hand');
    expect(skipped).toMatchObject({ code: 0, stdout: '30001_broken is skipped  "by hand"\n' });
    const rest = await local('run');

    expect(rest.code).toBe(0);
    expect((await json('status')).tasks).toMatchObject([
      { name: 'broken', state: 'skipped', reason: 'by hand' },
      { name: 'behind', state: 'succeeded', result: 'done' },
      { name: 'say_hello', state: 'succeeded' },
    ]);
    const shown = await json('show', '30001');
    expect(shown.history).toMatchObject([
      { state: 'failed' },
      { state: 'skipped', by: 'ann on this machine' },
    ]);
    expect(await local('run')).toMatchObject({ code: 0, stdout: 'no pending tasks to run\n' });
  });

  it('asks before it runs again what succeeded, and starts nothing for a name that is wrong', async () => {
    const again = await local('invoke', 'behind');
    const confirmed = await local('invoke', 'behind', '--yes');
    const unknown = await local('invoke', 'behind', 'nobody', '--yes');

    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(confirmed.code).toBe(0);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody') });
    expect(await json('show', 'behind')).toMatchObject({ attempt: 2 });
  });

  it('ends a run at Ctrl-C, and does not take it up again', async () => {
    await writeTask(
      '30003_endless.ts',
      "async run({ logger }) { logger.info('on it'); await new Promise((end) => setTimeout(end, 600_000)); }",
    );

    const left = await afterParty(['invoke', 'endless', '--local'], {
      meanwhile: (child) => {
        child.stderr?.on('data', function once(said) {
          if (!String(said).includes('on it')) return;
          child.stderr?.off('data', once);
          child.kill('SIGINT');
        });
      },
    });

    expect(left).toMatchObject({ code: 130, stderr: expect.stringContaining('a local run cannot go on') });
    // A request that is more than a look takes up what a process has left.
    await local('mark-done', 'say_hello', '--reason', 'x');
    const endless = await json('show', 'endless');
    expect(endless.attempt).toBe(1);
    expect(['failed', 'cancelled']).toContain(endless.state);
    await rm(join(app, 'tasks/30003_endless.ts'));
  });

  it('names the task that does not load', async () => {
    await writeFile(join(app, 'tasks/30004_not_yet.ts'), 'export const task = 1;\n');

    const { code, stderr } = await local('status');

    expect(code).toBe(2);
    expect(stderr).toContain('tasks/30004_not_yet.ts');
    await rm(join(app, 'tasks/30004_not_yet.ts'));
  });

  it('says what it needs', async () => {
    const outside = await afterParty(['status', '--local'], { cwd: tmpdir() });
    const detached = await local('invoke', 'behind', '--yes', '--detach');

    expect(outside).toMatchObject({ code: 2, stderr: expect.stringContaining('no cdk.json') });
    expect(detached).toMatchObject({ code: 2, stderr: expect.stringContaining('--detach') });
  });

  it('loads nothing of the AWS CDK, and esbuild only where something has changed', async () => {
    const status = () => afterParty(['status', '--local'], { nodeFlags: REPORT_MODULES });
    const unchanged = await status();
    await writeTask('9_fresh.ts', "run: () => 'fresh'");
    const changed = await status();

    for (const { code, stderr } of [unchanged, changed]) {
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/node_modules\/(aws-cdk-lib|constructs)/);
    }
    expect(unchanged.stderr).not.toContain('node_modules/esbuild');
    expect(changed.stderr).toContain('node_modules/esbuild');
  });

  it('loads no client of the AWS SDK for a look, which would take longer than the look', async () => {
    const clients = /node_modules\/@aws-sdk\/(client|lib)-/;
    for (const look of ['status', 'plan', 'history', 'show say_hello', 'logs say_hello']) {
      const argv = [...look.split(' '), '--local'];
      const { code, stderr } = await afterParty(argv, { nodeFlags: REPORT_MODULES });
      expect([look, code]).toEqual([look, 0]);
      expect(stderr).toContain('functions/local/plain-dynamo.ts');
      expect(stderr).not.toMatch(clients);
    }
    const run = await afterParty(['pause', 'say_hello', '--local'], { nodeFlags: REPORT_MODULES });
    expect(run.stderr).toMatch(clients);
  });
});
