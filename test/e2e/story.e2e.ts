import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import { type Deploy, deploy } from './harness/deploy.ts';
import { DeployedStack, RESPONSE_URL } from './harness/deployed-stack.ts';
import { lineOf, shopApp, task, writeTasks } from './harness/shop-app.ts';

const STACK = 'Shop-prod';
const stack = new DeployedStack(STACK);
let app: CdkApp;
/** All that people saw at their terminals, to be searched for what must not be there. */
const seen: string[] = [];

async function deployAndSee(): Promise<Deploy> {
  const result = await deploy(app, stack);
  seen.push(result.output);
  return result;
}

async function afterParty(
  ...args: string[]
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const result = await app.afterParty(...args, '--stack', STACK);
  seen.push(result.output);
  return result;
}

interface Task {
  name: string;
  state: string;
  attempt: number;
  notes: string[];
  error: { message: string; at?: string } | null;
  history: { state: string; reason?: string; by?: string }[];
  logs: string[];
}

async function statusByName(): Promise<Record<string, Task>> {
  const { stdout } = await afterParty('status', '--json');
  const { tasks }: { tasks: Task[] } = JSON.parse(stdout);
  return Object.fromEntries(tasks.map((each) => [each.name, each]));
}

const BROKEN = task({
  body: 'logger.warn("the search is slow");\n    const service = JSON.parse("null");\n    service.restart();',
});
const SECRET = `secret-${randomBytes(12).toString('hex')}`;

beforeAll(async () => {
  app = await shopApp('shop', {
    stack: STACK,
    tasks: { '9_nine': task(), '010_ten': task(), '20260105093000_strip_invalid_characters': task() },
  });
});

describe('an app over its deploys', () => {
  it('runs all tasks in version order at the first deploy', async () => {
    const { exitCode, output, ran } = await deployAndSee();

    expect(output).toMatch(/TasksResult\w* = 3 of 3 ran/);
    expect(exitCode, output).toBe(0);
    expect(ran).toEqual(['nine', 'ten', 'strip_invalid_characters']);
  });

  it('runs none at the second and says so', async () => {
    const { exitCode, output, ran } = await deployAndSee();

    expect(output).toMatch(/TasksResult\w* = no pending tasks to run/);
    expect(exitCode, output).toBe(0);
    expect(ran).toEqual([]);
  });

  it('runs a task that was merged late, every-deploy tasks after it, and no manual one', async () => {
    await writeTasks(app, {
      '11_merged_late': task(),
      '1_announce_release': task({ first: `when: 'every-deploy',` }),
      '2_recalculate_invoices': task({
        imports: `import { object, string } from 'valibot';`,
        first: `when: 'manual', params: object({ token: string() }), secretParams: ['token'],`,
        body: `logger.info('recalculating', { params });
    console.log('with', params.token);
    await note(env.JOURNAL_TABLE, 'a token of ' + params.token.length);
    return { token: params.token };`,
      }),
      '3_wait_for_it': task({
        first: `when: 'manual',`,
        body: `await new Promise((resolve) => signal.addEventListener('abort', resolve));`,
      }),
    });

    const { exitCode, output, ran } = await deployAndSee();

    expect(exitCode, output).toBe(0);
    expect(ran).toEqual(['merged_late', 'announce_release']);
  });

  it('fails the deploy with the reason of the task that failed, and runs none behind it', async () => {
    await writeTasks(app, { '20260126080000_restart_search': BROKEN, '20260202113000_start_resync': task() });

    const { exitCode, output, words, ran } = await deployAndSee();

    expect(exitCode, output).toBe(1);
    const at = `tasks/20260126080000_restart_search.ts:${lineOf(BROKEN, 'service.restart')}`;
    expect(words).toContain("Cannot read properties of null (reading 'restart')");
    expect(words).toContain(at);
    expect(words).toContain('task 20260126080000_restart_search failed (attempt 1');
    expect(words).toContain('npx after-party skip 20260126080000 --stack Shop-prod');
    expect(ran).toEqual(['restart_search']);
    expect(await stack.status()).toBe('UPDATE_ROLLBACK_COMPLETE');
    // The CLI shows the controller's own report too.
    expect(words).toMatch(/not started\W+20260202113000_start_resync/);
  });

  it('shows what failed after the rollback took the task away again', async () => {
    const { restart_search, start_resync } = await statusByName();
    expect(restart_search).toMatchObject({ state: 'failed', attempt: 1 });
    expect(restart_search?.notes).toEqual(['not-deployed']);
    expect(start_resync).toBeUndefined();

    const shown = await afterParty('show', 'restart_search', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      name: 'restart_search',
      error: { at: expect.stringContaining('tasks/20260126080000_restart_search.ts:') },
    });
    const logs = await afterParty('logs', 'restart_search');
    expect(logs).toMatchObject({ exitCode: 0 });
    expect(logs.stdout).toContain('the search is slow');
  });

  it('starts at the task that failed once it is fixed', async () => {
    await writeTasks(app, { '20260126080000_restart_search': task() });

    const { exitCode, output, ran } = await deployAndSee();

    expect(output).toMatch(/TasksResult\w* = 3 of 3 ran/);
    expect(exitCode, output).toBe(0);
    expect(ran).toEqual(['restart_search', 'start_resync', 'announce_release']);
    expect(await statusByName()).toMatchObject({
      restart_search: { state: 'succeeded', attempt: 2 },
      start_resync: { state: 'succeeded', attempt: 1 },
      announce_release: { state: 'every-deploy' },
      recalculate_invoices: { state: 'manual' },
    });
  });

  it('shows people a table', async () => {
    const { exitCode, stdout } = await afterParty('status');

    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('Shop-prod/Tasks');
    expect(stdout).toMatch(/succeeded +20260126080000 +restart_search/);
    expect(stdout).toMatch(/manual +2 +recalculate_invoices/);
  });

  it('invokes a manual task with params, and keeps the secret ones', async () => {
    const before = await stack.journal();

    const { exitCode, stdout } = await afterParty(
      ...['invoke', '--task', 'recalculate_invoices', '--json'],
      ...['--params', JSON.stringify({ token: SECRET })],
    );

    expect(exitCode, stdout).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'succeeded',
      tasks: [{ name: 'recalculate_invoices' }],
    });
    expect((await stack.journal()).slice(before.length)).toEqual([
      'recalculate_invoices',
      `a token of ${SECRET.length}`,
    ]);
  });

  it('skips a task before its first deploy, and runs one again that was reset', async () => {
    await writeTasks(app, { '20260309090000_not_for_us': task() });
    const skipped = await afterParty('skip', '20260309090000_not_for_us', '--reason', 'done by hand');
    expect(skipped).toMatchObject({ exitCode: 0 });
    const reset = await afterParty('reset', 'ten', '--reason', 'prices were wrong', '--yes');
    expect(reset).toMatchObject({ exitCode: 0 });
    expect(await statusByName()).toMatchObject({
      not_for_us: { state: 'skipped' },
      ten: { state: 'pending' },
    });

    const { exitCode, output, ran } = await deployAndSee();

    expect(exitCode, output).toBe(0);
    expect(ran).toEqual(['ten', 'announce_release']);
    const shown = JSON.parse((await afterParty('show', 'ten', '--json')).stdout);
    expect(JSON.stringify(shown.history)).toContain('prices were wrong');
  });

  it('keeps response URLs and secret params out of all that stays and all that is shown', async () => {
    const logs = await stack.logLines();
    const items = await stack.items(await stack.ledger());
    const executions = await stack.executions();
    const everything = [...logs, ...executions, ...seen, ...items.map((item) => JSON.stringify(item))];

    // What the search goes through is what it should be.
    expect(logs.join('\n')).toContain('recalculating');
    expect(items.map(({ sk }) => sk)).toContain('task#10');
    expect(executions.length).toBeGreaterThanOrEqual(6);
    const holding = (words: string): string[] => everything.filter((text) => text.includes(words));
    expect({ urls: holding(RESPONSE_URL), secrets: holding(SECRET) }).toEqual({ urls: [], secrets: [] });
  });

  it('keeps the ledger when a replacement or a deletion would take it', async () => {
    const { Resources } = await app.template(STACK);
    const ledger = Object.entries(Resources).find(
      ([id, { Type }]) => Type === 'AWS::DynamoDB::GlobalTable' && !id.startsWith('Journal'),
    );

    expect(ledger?.[1]).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
  });

  it('reaches the controller with a Delete, which ends runs and succeeds', async () => {
    const started = await afterParty('invoke', 'wait_for_it', '--detach', '--json');
    expect(started).toMatchObject({ exitCode: 0 });
    const { runId } = JSON.parse(started.stdout);
    const ledger = await stack.ledger();

    const destroyed = await app.destroy();

    seen.push(destroyed.output);
    expect(destroyed.output).toContain(`${STACK}: destroyed`);
    expect(destroyed.exitCode).toBe(0);
    const run = (await stack.items(ledger)).find(({ sk }) => sk === runId);
    expect(run).toMatchObject({ request: { cause: 'delete' } });
  });
});
