import { beforeAll, describe, expect, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import { type CommandResult, runCommand } from './harness/command.ts';
import { DeployedStack } from './harness/deployed-stack.ts';
import { GATE, gatedTask, itemsTask, openGate, SOON, shownTask } from './harness/long-tasks.ts';
import { shopApp, task, writeTasks } from './harness/shop-app.ts';

const STACK = 'Commands-prod';
const stack = new DeployedStack(STACK);
let app: CdkApp;

/** The same app in two environments. */
const TWO_ENVIRONMENTS = `import { AfterParty } from 'after-party';
import { App, Stack } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';

const app = new App();
for (const environmentName of ['beta', 'prod']) {
  const stack = new Stack(app, 'Commands-' + environmentName);
  const journal = new TableV2(stack, 'Journal', { partitionKey: { name: 'id', type: AttributeType.STRING } });
  const environment = { JOURNAL_TABLE: journal.tableName };
  journal.grantReadWriteData(new AfterParty(stack, 'Tasks', { environmentName, environment }));
}
`;

const inProd = (...args: string[]): Promise<CommandResult> => app.afterParty(...args, '--env', 'prod');
const json = async (...args: string[]) => JSON.parse((await inProd(...args, '--json')).stdout);
const ok = { exitCode: 0, stderr: '' };
const text = (pattern: RegExp): unknown => expect.stringMatching(pattern);

beforeAll(async () => {
  app = await shopApp('commands', {
    stack: STACK,
    tasks: {
      '1_import_prices': task({
        first: `tags: ['prices'],`,
        body: `logger.info('37 prices came'); return { prices: 37 };`,
      }),
      '2_send_news': task({ first: `tags: ['mail'],` }),
      '3_restart_search': task({ first: `when: 'manual',`, body: `throw new Error('the search is down');` }),
      '4_reindex': gatedTask({ first: `when: 'manual',` }),
      '5_endless': gatedTask({ first: `when: 'manual',` }),
      '6_crop_images': itemsTask({ items: 3, first: `when: 'manual',` }),
    },
  });
  await app.write({ 'app.js': TWO_ENVIRONMENTS, 'tasks/_gate.ts': GATE });
  const { exitCode, output } = await app.deploy('--all', '--concurrency', '2');
  expect(exitCode, output).toBe(0);
});

describe('commands that only look, after a deploy', () => {
  it('show every task, and nothing beside it', async () => {
    const { exitCode, stdout, stderr } = await inProd('status');

    expect({ exitCode, stderr }).toEqual(ok);
    const [head, , ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(
      /^prod · Commands-prod\/Tasks · 000000000000 us-east-1 · deployed \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    );
    expect(rows.map((row) => row.trim().split(/ {2,}/).slice(0, 3))).toEqual([
      ['STATE', 'VERSION', 'TASK'],
      ['succeeded', '1', 'import_prices'],
      ['succeeded', '2', 'send_news'],
      ['manual', '3', 'restart_search'],
      ['manual', '4', 'reindex'],
      ['manual', '5', 'endless'],
      ['manual', '6', 'crop_images'],
    ]);
  });

  it.each([
    { filters: ['succeeded'], names: ['import_prices', 'send_news'] },
    { filters: ['mail', '*search'], names: ['send_news', 'restart_search'] },
    { filters: ['3', 'reindex'], names: ['restart_search', 'reindex'] },
    { filters: ['failed'], names: [] },
  ])('show those that $filters name', async ({ filters, names }) => {
    const { tasks } = await json('status', ...filters);

    expect(tasks.map(({ name }: { name: string }) => name)).toEqual(names);
  });

  it('refuse a filter that names nothing', async () => {
    const refused = await inProd('status', 'fialed');

    expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: text(/"fialed" is no .*"failed"/) });
  });

  it('pass a check', async () => {
    expect(await inProd('status', '--check')).toMatchObject(ok);
  });

  it('ask which environment is meant', async () => {
    const refused = await app.afterParty('status');

    expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: text(/2 parties.*--env beta/s) });
  });

  it('have nothing to plan, until there is a new file', async () => {
    const nothing = await inProd('plan');
    await writeTasks(app, { '7_thank_you': task() });
    const one = await inProd('plan');
    const document = await json('plan');
    await app.remove('tasks/7_thank_you.ts');

    expect(nothing).toMatchObject({ ...ok, stdout: text(/the next deploy runs nothing\n/) });
    expect(one).toMatchObject(ok);
    expect(one.stdout).toContain('the next deploy runs 1 before it completes\n');
    expect(one.stdout).toMatch(/blocking +run +7 +thank_you/);
    expect(document.blocking).toMatchObject([{ version: '7', name: 'thank_you', does: 'run' }]);
  });

  it('find nothing that runs', async () => {
    expect(await inProd('watch')).toMatchObject({ ...ok, stdout: 'nothing runs\n' });
  });
});

describe('a task that fails when it is invoked', () => {
  it('ends with 1, and says why', async () => {
    const { exitCode, stdout, stderr } = await inProd('invoke', 'restart_search');

    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/failed +3 +restart_search .*the search is down/);
    expect(stdout).toContain('npx after-party show restart_search --env prod');
    expect(stderr).toMatch(/✖ 3_restart_search .*the search is down/);
  });

  it('fails a check with 3', async () => {
    const { exitCode, stdout, stderr } = await inProd('status', '--check');

    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: 'check failed: 1 failed (restart_search)\n',
    });
    expect(stdout).toMatch(/needs you +restart_search +npx after-party show restart_search --env prod/);
  });

  it('is shown with its error and its place', async () => {
    const shown = await inProd('show', 'restart_search');

    expect(shown).toMatchObject(ok);
    expect(shown.stdout).toMatch(/^3_restart_search {2}failed\n/);
    expect(shown.stdout).toMatch(/error +Error: the search is down\n/);
    expect(shown.stdout).toMatch(/at +tasks\/3_restart_search\.ts:\d+/);
  });

  it('is in the history, above what the deploy did', async () => {
    const { exitCode, stdout, stderr } = await inProd('history');
    const { entries } = await json('history', 'restart_search');

    expect({ exitCode, stderr }).toEqual(ok);
    const [, newest, ...older] = stdout.trimEnd().split('\n');
    expect(newest).toMatch(/failed +3 +restart_search +#1 .*invoke by .*the search is down/);
    expect(older.filter((row) => /succeeded .*deploy/.test(row))).toHaveLength(2);
    expect(entries).toMatchObject([{ name: 'restart_search', state: 'failed', attempt: 1 }]);
  });

  it('stands beside the environment in which it did not run', async () => {
    const compared = await app.afterParty('status', '--compare', 'beta,prod');
    const stacks = await app.afterParty('status', '--compare', `Commands-beta,${STACK}`, '--json');

    expect(compared).toMatchObject(ok);
    expect(compared.stdout).toMatch(/VERSION +TASK +beta +prod\n/);
    expect(compared.stdout).toMatch(/≠ +3 +restart_search +manual +failed\n/);
    expect(compared.stdout).toMatch(/\n1 of 6 differ\n$/);
    const { tasks } = JSON.parse(stacks.stdout);
    expect(tasks.filter(({ differs }: { differs: boolean }) => differs)).toMatchObject([{ version: '3' }]);
  });

  it('has log lines, as the others', async () => {
    const { exitCode, stdout } = await inProd('logs', 'import_prices');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\d\d:\d\d:\d\d {2}#1 {2}INFO {2}37 prices came\n/);
    const { lines } = await json('logs', 'import_prices', '--since', '1h');
    expect(lines).toContainEqual(expect.objectContaining({ attempt: 1, message: '37 prices came' }));
  });
});

describe('long work', () => {
  let runId: string;

  it('is started, and left', async () => {
    const { exitCode, stdout, stderr } = await inProd('invoke', 'reindex', '--detach');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f]{32}\n$/);
    runId = stdout.trim();
    expect(stderr).toContain(`npx after-party watch ${runId} --env prod`);
    await expect.poll(async () => (await shownTask(app, stack, 'reindex')).progress?.done, SOON).toBe(43);
  });

  it('is held meanwhile', async () => {
    const held = await inProd('invoke', 'reindex');

    expect(held).toMatchObject({ exitCode: 4, stdout: '', stderr: text(/reindex/) });
  });

  it('can be slowed down where it goes through items', async () => {
    expect(await inProd('invoke', 'crop_images')).toMatchObject({ exitCode: 0 });
    expect(await inProd('rate', 'crop_images', '5')).toMatchObject({
      ...ok,
      stdout: '6_crop_images may process 5 items per second\n',
    });
    expect(await json('show', 'crop_images')).toMatchObject({ rate: 5 });
    const refused = await inProd('rate', 'reindex', '5');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '', stderr: text(/goes through no items/) });
  });

  it('is watched until it is paused', async () => {
    const watching = inProd('watch', runId);
    const paused = await inProd('pause', 'reindex', '--reason', 'peak hours');
    const watched = await watching;

    expect(paused).toMatchObject({
      ...ok,
      stdout: 'pause requested: 4_reindex stops at its next item or checkpoint\n',
    });
    expect(watched.exitCode).toBe(1);
    expect(watched.stdout).toMatch(/paused +4 +reindex .*"peak hours"/);
  });

  it('is resumed, and watched to its end by whoever did not start it', async () => {
    const resumed = await inProd('resume', 'reindex', '--detach');
    const watched = await runCommand('after-party', ['watch', '--env', 'prod'], {
      ...{ cwd: app.folder, env: app.environment, timeoutMs: 300_000 },
      // Not before it has found the run.
      onceSaid: { words: '▸ 4_reindex', act: () => openGate(stack, 'reindex') },
    });

    expect(resumed.exitCode).toBe(0);
    expect(watched.exitCode).toBe(0);
    expect(watched.stdout).toMatch(/succeeded +4 +reindex/);
    const again = JSON.parse((await inProd('watch', resumed.stdout.trim(), '--json')).stdout);
    expect(again).toMatchObject({ runId: resumed.stdout.trim(), state: 'succeeded' });
  });

  it('is cancelled', async () => {
    const started = await inProd('invoke', 'endless', '--detach');
    await expect.poll(async () => (await shownTask(app, stack, 'endless')).progress?.done, SOON).toBe(43);
    const cancelled = await inProd('cancel', 'endless', '--reason', 'never mind');
    const watched = await inProd('watch', started.stdout.trim());

    expect(cancelled).toMatchObject({
      ...ok,
      stdout: 'cancel requested: 5_endless stops at its next item or checkpoint\n',
    });
    expect(watched.exitCode).toBe(1);
    expect(watched.stdout).toMatch(/cancelled +5 +endless .*"never mind"/);
  });
});

describe('corrections', () => {
  it('record what people did, and why', async () => {
    const skipped = await inProd('skip', 'endless', '--reason', 'not for us');
    const done = await inProd('mark-done', 'restart_search', '--reason', 'by hand');

    expect(skipped).toMatchObject({ ...ok, stdout: '5_endless is skipped  "not for us"\n' });
    expect(done).toMatchObject({ ...ok, stdout: text(/^3_restart_search is succeeded .*"by hand"\n$/) });
    expect(await inProd('status', '--check')).toMatchObject({ exitCode: 0 });
  });

  it('run again what was reset, by its tag', async () => {
    const before = await stack.journal();
    const unconfirmed = await inProd('reset', 'import_prices', 'send_news', '--reason', 'wrong prices');
    const reset = await inProd('reset', 'import_prices', 'send_news', '--reason', 'wrong prices', '--yes');
    const tagged = await inProd('run', '--tag', 'prices');
    const pending = await inProd('status', '--check', 'pending');
    const rest = await inProd('run', '--json');

    expect(unconfirmed).toMatchObject({ exitCode: 2, stdout: '', stderr: text(/--yes/) });
    expect(reset).toMatchObject(ok);
    expect(tagged.exitCode).toBe(0);
    expect(tagged.stdout).toMatch(/succeeded +1 +import_prices/);
    expect(tagged.stdout).not.toContain('send_news');
    expect(pending).toMatchObject({ exitCode: 3, stderr: 'check failed: 1 pending (send_news)\n' });
    expect(JSON.parse(rest.stdout)).toMatchObject({ state: 'succeeded', tasks: [{ name: 'send_news' }] });
    expect((await stack.journal()).slice(before.length)).toEqual(['import_prices', 'send_news']);
  });

  it('take over what another tool has run', async () => {
    await writeTasks(app, { '8_old': task(), '9_older': task() });
    await app.write({ versions: '"8"\r\n\r\n009\r\n42\r\n' });
    const strange = await inProd('baseline', '--versions', 'versions', '--reason', 'from Heroku');
    const before = await inProd('plan');
    const known = await inProd(
      ...['baseline', '--versions', 'versions', '--allow-unknown', '--reason', 'from Heroku'],
    );
    const again = await inProd('baseline', '--until', '9_older', '--reason', 'once more');
    const after = await inProd('plan');

    expect(strange).toMatchObject({ exitCode: 2, stdout: '', stderr: text(/42/) });
    expect(before.stdout).toContain('the next deploy runs 2 before it completes\n');
    expect(known.exitCode, known.stderr).toBe(0);
    expect(known.stdout).toMatch(/^8_old is baselined\n0*9_older is baselined\n42 is baselined, /);
    expect(again).toMatchObject({ exitCode: 0, stdout: text(/^nothing to record/) });
    expect(after.stdout).toContain('the next deploy runs nothing\n');
    expect(await json('history', '8_old')).toMatchObject({
      entries: [{ state: 'baselined', reason: 'from Heroku' }],
    });
  });
});
