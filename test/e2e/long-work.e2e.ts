import { beforeAll, describe, expect, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import type { CommandResult } from './harness/command.ts';
import { deploy } from './harness/deploy.ts';
import { DeployedStack } from './harness/deployed-stack.ts';
import { GATE, gatedTask, itemsTask, openGate, SOON, shownTask } from './harness/long-tasks.ts';
import { shopApp, task, writeTasks } from './harness/shop-app.ts';

const STACK = 'Long-work';
const stack = new DeployedStack(STACK);
let app: CdkApp;

function afterParty(...args: string[]): Promise<CommandResult> {
  return app.afterParty(...args, '--stack', STACK);
}

function numbered(name: string, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${name} ${first + index}`);
}

beforeAll(async () => {
  app = await shopApp('long-work', {
    stack: STACK,
    props: 'timeout: Duration.seconds(10),',
    tasks: { '1_first': task(), '2_backfill': itemsTask({ items: 25, body: 'await sleep(1_000);' }) },
  });
  await app.write({ 'tasks/_gate.ts': GATE });
});

describe('a task of more items than an invocation has time for', () => {
  it('goes on in further invocations within one deploy, at the item where it was', async () => {
    const { exitCode, output, ran } = await deploy(app, stack);

    expect(output).toMatch(/TasksResult\w* = 2 of 2 ran: first \(.*\), backfill \(25 items, /);
    expect(exitCode, output).toBe(0);
    expect(ran).toEqual(['first', ...numbered('backfill', 1, 25)]);
    const shown = await shownTask(app, stack, 'backfill');
    expect(shown).toMatchObject({
      state: 'succeeded',
      result: '25 items',
      progress: { done: 25, total: 25 },
    });
    // 25 items of a second each, in invocations of 10 s.
    expect(shown.attempt).toBeGreaterThanOrEqual(3);
  });
});

describe('a task that is paused', () => {
  it('stops at its next boundary and keeps where it was', async () => {
    await writeTasks(app, { '3_resync': gatedTask({ first: 'background: true,' }) });
    const { exitCode, output } = await deploy(app, stack);
    expect(exitCode, output).toBe(0);
    const state = async (): Promise<string> => (await shownTask(app, stack, 'resync')).state;
    await expect.poll(state, SOON).toBe('running');

    const paused = await afterParty('pause', 'resync', '--reason', 'the partner is down');

    expect(paused.exitCode, paused.output).toBe(0);
    await expect.poll(state, SOON).toBe('paused');
    expect(await shownTask(app, stack, 'resync')).toMatchObject({
      reason: 'the partner is down',
      progress: { done: 43, total: 100 },
    });
  });

  it('is left alone by the next deploy, which says so and runs the rest', async () => {
    await writeTasks(app, { '4_other': task() });

    const { exitCode, output, words, ran } = await deploy(app, stack);

    expect(words).toMatch(/TasksResult\w* = 1 of 1 ran: other/);
    expect(words).toContain('resync is paused');
    expect(exitCode, output).toBe(0);
    expect(ran).toEqual(['other']);
    expect(await shownTask(app, stack, 'resync')).toMatchObject({ state: 'paused' });
  });

  it('goes on from there when a person resumes it', async () => {
    await openGate(stack, 'resync');

    const { exitCode, output } = await afterParty('resume', 'resync', '--json');

    expect(exitCode, output).toBe(0);
    expect(await shownTask(app, stack, 'resync')).toMatchObject({ state: 'succeeded' });
    const noted = (await stack.journal()).filter((line) => line.startsWith('resync'));
    expect(noted).toEqual(['resync begins', 'resync ends']);
  });
});

describe('a task that is tried out by hand', () => {
  beforeAll(async () => {
    await writeTasks(app, { '5_recalculate': itemsTask({ first: `when: 'manual',`, items: 5 }) });
    const { exitCode, output } = await deploy(app, stack);
    expect(exitCode, output).toBe(0);
  });

  async function invoked(...options: string[]): Promise<CommandResult & { readonly noted: string[] }> {
    const before = await stack.journal();
    const result = await afterParty('invoke', 'recalculate', '--json', ...options);
    return { ...result, noted: (await stack.journal()).slice(before.length) };
  }

  it('is told in a dry run that it is one, and nothing but the attempt is recorded', async () => {
    const { exitCode, output, noted } = await invoked('--dry-run');

    expect(exitCode, output).toBe(0);
    expect(noted).toEqual(numbered('recalculate', 1, 5).map((line) => `${line} dry`));
    expect(await shownTask(app, stack, 'recalculate')).toMatchObject({ state: 'manual', attempt: 1 });
  });

  it('stops after its limit, and another run goes on with the rest', async () => {
    const canary = await invoked('--limit', '2');
    const stopped = await shownTask(app, stack, 'recalculate');
    const rest = await invoked();

    expect(canary.exitCode, canary.output).toBe(0);
    expect(canary.noted).toEqual(numbered('recalculate', 1, 2));
    expect(stopped).toMatchObject({ state: 'interrupted', progress: { done: 2, total: 5 } });
    expect(rest.exitCode, rest.output).toBe(0);
    expect(rest.noted).toEqual(numbered('recalculate', 3, 5));
    expect(await shownTask(app, stack, 'recalculate')).toMatchObject({ result: '5 items' });
  });

  it('begins anew when a person says so', async () => {
    const canary = await invoked('--limit', '2', '--yes');
    const anew = await invoked('--from-start');

    expect(canary.noted).toEqual(numbered('recalculate', 1, 2));
    expect(anew.exitCode, anew.output).toBe(0);
    expect(anew.noted).toEqual(numbered('recalculate', 1, 5));
  });
});
