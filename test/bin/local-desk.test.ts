import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endDatabaseServers } from '../database-servers.ts';
import { type ProgramOptions, runProgramFile } from './child-program.ts';
import { partyStatus, taskStatus } from './command-line.ts';
import { startFakeAws } from './party/fake-aws.ts';

let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-desk-'));
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  await mkdir(join(app, 'tasks'));
  await writeTask('20260101000000_import_prices.ts', "tags: ['billing'], run: () => '250 rows'");
  await writeTask('20260102000000_restart_search.ts', "run() { throw new Error('HTTP 503'); }");
  await writeTask('20260103000000_recalculate.ts', "when: 'manual', run: () => 1");
  await writeTask('20260104000000_notify.ts', "background: true, tags: ['mail'], run: () => 1");
  await writeTask('20260105000000_announce.ts', "when: 'every-deploy', run: () => 1");
  await writeTask('20260106000000_only_there.ts', "environments: ['production'], run: () => 1");
});
afterAll(async () => {
  await endDatabaseServers(app);
  await rm(app, { recursive: true, force: true });
});

const afterParty = (argv: readonly string[], options: ProgramOptions = {}) =>
  runProgramFile(argv, { cwd: app, ...options });
const local = (...argv: string[]) => afterParty([...argv, '--local']);
const json = async (...argv: string[]) => JSON.parse((await local(...argv, '--json')).stdout);
const baseline = (input: string, ...flags: string[]) =>
  afterParty(['baseline', '--versions', '-', '--reason', 'from Heroku', ...flags, '--local'], { input });
const writeTask = (file: string, body: string) =>
  writeFile(
    join(app, 'tasks', file),
    `import { defineTask } from 'after-party/task';\nexport default defineTask({ ${body} });\n`,
  );
const names = (tasks: readonly { name: string }[]) => tasks.map(({ name }) => name);

// One story, in this order.
describe('with --local', { timeout: 120_000, shuffle: false }, () => {
  it('plans before anything was run', async () => {
    const { code, stdout, stderr } = await local('plan');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`local · on this machine

the next deploy runs 2 before it completes, 1 as every deploy does, 1 in the background after its commit

  STAGE         DOES       VERSION         TASK            NOTE
  blocking      run        20260101000000  import_prices
  blocking      run        20260102000000  restart_search
  every deploy  run        20260105000000  announce
  background    run        20260104000000  notify
  left out      manual     20260103000000  recalculate
  left out      elsewhere  20260106000000  only_there      only in production
`);
    expect(await local('history')).toMatchObject({ code: 0, stdout: 'nothing was done yet\n' });
  });

  it('runs what has a tag, and nothing for a tag that no task has', async () => {
    const run = await local('run', '--tag', 'billing');
    const unknown = await local('run', '--tag', 'billing', '--tag', 'mal');

    expect(run.code).toBe(0);
    expect(run.stdout).toContain('1 of 1 ran: import_prices');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('"mal" (did you mean "mail"?)');
    expect(await local('run')).toMatchObject({ code: 1, stdout: expect.stringContaining('HTTP 503') });
  });

  it('checks what is pending or failed', async () => {
    const failed = await local('status', '--check');
    const rest = await local('status', '--check', 'billing', 'manual');

    expect(failed.code).toBe(3);
    expect(failed.stderr).toBe('check failed: 1 failed (restart_search), 1 pending (notify)\n');
    expect(rest).toMatchObject({ code: 0, stderr: '' });
    expect(rest.stdout).not.toContain('restart_search');
    expect(await local('status', 'faild')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('did you mean "failed"?'),
    });
  });

  it('tells the history of all tasks, and of one', async () => {
    const all = await json('history');
    const one = await json('history', 'restart_search', '--limit', '1');

    expect(all.entries).toMatchObject([
      { name: 'restart_search', state: 'failed', trigger: 'run', error: 'Error: HTTP 503' },
      { name: 'import_prices', state: 'succeeded', attempt: 1, by: 'ann on this machine' },
    ]);
    expect(one).toEqual({ entries: [all.entries[0]], more: 0, damaged: [] });
    expect(await local('history', 'nobody')).toMatchObject({ code: 2, stdout: '' });
    const { stdout } = await local('history');
    expect(stdout).toMatch(/failed {5}20260102000000 {2}restart_search {2}#1 .* run by ann on this machine/);
  });

  it('plans what an edited or deleted file comes to', async () => {
    await writeTask('20260101000000_import_prices.ts', "tags: ['billing'], run: () => '251 rows'");
    await rm(join(app, 'tasks/20260102000000_restart_search.ts'));

    const plan = await json('plan');

    expect(names(plan.blocking)).toEqual([]);
    expect(plan.leftOut).toMatchObject([
      { name: 'import_prices', because: 'changed' },
      { name: 'restart_search', because: 'no-file', why: 'it is failed, and its file is not in tasks/' },
      { name: 'recalculate', because: 'manual' },
      { name: 'only_there', because: 'environments' },
    ]);
    await writeTask('20260102000000_restart_search.ts', "run: () => 'up'");
    expect((await json('plan')).blocking).toMatchObject([
      { name: 'restart_search', does: 'run', attempt: 1 },
    ]);
  });

  it('plans nothing with a task that does not compile, and names it', async () => {
    await writeFile(join(app, 'tasks/20260107000000_broken.ts'), 'export default (\n');

    expect(await local('plan')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('20260107000000_broken.ts'),
    });
    await rm(join(app, 'tasks/20260107000000_broken.ts'));
  });

  it('baselines what another tool has run, as often as it is asked to', async () => {
    const list = '\uFEFF"020260102000000"\r\n20260101000000\r\n\r\n20190101000000\r\n';
    const unknown = await baseline(list);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('20190101000000; nothing was changed');
    expect((await json('status', 'failed')).tasks).toHaveLength(1);

    const taken = await baseline(list, '--allow-unknown');
    const again = await baseline(list, '--allow-unknown');

    expect(taken).toMatchObject({
      code: 0,
      stdout: `20190101000000 is baselined, and there is no such task
20260102000000_restart_search is baselined, and was failed
`,
      stderr: '2 recorded, 1 left as they are (1 succeeded)\nstill to run: notify\n',
    });
    expect(again).toMatchObject({ code: 0, stdout: 'nothing to record: all have an outcome already\n' });
    const { stdout } = await local('status');
    expect(stdout).toMatch(/baselined +20260102000000 +restart_search .* "from Heroku"/);
    expect(stdout).toContain('1 more version is baselined, of no task here');
    expect((await json('show', 'restart_search')).history.at(-1)).toMatchObject({
      state: 'baselined',
      by: 'ann on this machine',
      reason: 'from Heroku',
    });
  });

  it('baselines up to a task, and refuses lists that are none', async () => {
    const until = ['baseline', '--until', 'notify', '--reason', 'done by hand'];
    expect(await local(...until)).toMatchObject({ code: 0, stdout: '20260104000000_notify is baselined\n' });
    expect(await local('status', '--check')).toMatchObject({ code: 0 });
    expect(await local('run')).toMatchObject({ code: 0, stdout: 'no pending tasks to run\n' });

    expect(await local('baseline', '--until', 'nobody', '--reason', 'x')).toMatchObject({
      code: 2,
      stdout: '',
    });
    expect(await baseline('')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no versions in stdin'),
    });
    expect(await baseline(' version\n(3 rows)\n')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('line 2: "(3 rows)"'),
    });
  });

  it('baselines nothing while a task is being executed', async () => {
    await writeTask(
      '20260108000000_endless.ts',
      "async run({ logger, signal }) { logger.info('on it'); await new Promise((end) => signal.addEventListener('abort', end)); }",
    );
    let held: Awaited<ReturnType<typeof local>> | undefined;
    await afterParty(['invoke', 'endless', '--local'], {
      meanwhile: (child) => {
        child.stderr?.on('data', async function once(said) {
          if (!String(said).includes('on it')) return;
          child.stderr?.off('data', once);
          held = await local('baseline', '--until', 'endless', '--reason', 'x');
          child.kill('SIGINT');
        });
      },
    });

    expect(held).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('is being executed') });
    await rm(join(app, 'tasks/20260108000000_endless.ts'));
  });

  it('is compared with what is deployed', async () => {
    const deployed = partyStatus({
      tasks: [
        taskStatus({ version: '20260101000000', name: 'import_prices', state: 'succeeded' }),
        taskStatus({ version: '20260104000000', name: 'notify', state: 'failed' }),
      ],
    });
    const aws = await startFakeAws({
      resources: [[{ type: 'Custom::AfterParty', physicalId: 'Controller' }]],
      invoke: () => ({ v: 1, ok: deployed }),
    });
    try {
      const { code, stdout, stderr } = await afterParty(['status', '--compare', 'local,Shop-prod'], {
        env: {
          ...{ AWS_ENDPOINT_URL: aws.url, AWS_REGION: 'eu-west-1' },
          ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
        },
      });

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^local · on this machine\nproduction · Shop-prod\/Tasks .*\n\n/);
      expect(stdout).toMatch(/\n {5}20260101000000 +import_prices +succeeded +succeeded\n/);
      expect(stdout).toMatch(/\n {2}≠ +20260104000000 +notify +baselined +failed\n/);
    } finally {
      await aws.stop();
    }
  });
});
