import { beforeAll, describe, expect, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import type { CommandResult } from './harness/command.ts';
import { deploy } from './harness/deploy.ts';
import { DeployedStack } from './harness/deployed-stack.ts';
import { GATE, gatedTask, openGate, SOON, shownTask } from './harness/long-tasks.ts';
import { shopApp, splitTask, task, writeTasks } from './harness/shop-app.ts';

const STACK = 'Fan-out';
const stack = new DeployedStack(STACK);
let app: CdkApp;

const KEYS = ['acme', '', 'a#b', 'käse 🧀', ...Array.from({ length: 16 }, (_, index) => `tenant ${index}`)];
const OTHERS = KEYS.filter((key) => key !== 'acme');

/** A task that is done for each key but for \`acme\`, for which it needs its gate open. */
function tenantsTask(first: string): string {
  return splitTask({
    first: `${first} forEach: () => ${JSON.stringify(KEYS)},`,
    body: `if (key === 'acme' && !(await isOpen(env.JOURNAL_TABLE, name))) throw new Error('no such plan');
    await note(env.JOURNAL_TABLE, name + ' ' + key);`,
  });
}

/** A task that takes the runner down for one key and throws for another, as long as its gate is shut. */
const MAILS = splitTask({
  first: `onFailure: 'continue', delivery: 'at-most-once', forEach: () => ['sent', 'lost', 'unsure'],`,
  body: `const isShut = !(await isOpen(env.JOURNAL_TABLE, name));
    if (key === 'lost' && isShut) process.kill(process.pid, 'SIGKILL');
    if (key === 'unsure' && isShut) throw new Error('connection lost');
    await note(env.JOURNAL_TABLE, name + ' ' + key);`,
});

/** A task of which each part goes on until eight have begun, and then for a while in which a ninth would begin. */
const SCAN = splitTask({
  first: 'shards: 64, parallel: 8,',
  body: `await note(env.JOURNAL_TABLE, 'begins ' + shard.index + ' of ' + shard.count);
    while ((await noted(env.JOURNAL_TABLE)).length < 8) await sleep(100);
    await sleep(300);
    await note(env.JOURNAL_TABLE, 'ends ' + shard.index + ' of ' + shard.count);`,
});

function afterParty(...args: string[]): Promise<CommandResult> {
  return app.afterParty(...args, '--stack', STACK);
}

async function noted(name: string): Promise<string[]> {
  return (await stack.journal()).filter((line) => line.startsWith(`${name} `));
}

interface Part {
  readonly key: string | null;
  readonly state: string;
  readonly attempt: number;
  readonly error: { readonly message: string } | null;
}

/** The shards or keys of a task as `show --json` shows them. */
async function partsOf(name: string): Promise<Part[]> {
  const { stdout, output } = await afterParty('show', name, '--json');
  const { children }: { children?: Part[] } = JSON.parse(stdout);
  if (children === undefined) throw new Error(`show has no children of ${name}: ${output}`);
  return children;
}

function linesOf(name: string, keys: readonly string[]): string[] {
  return keys.map((key) => `${name} ${key}`).sort();
}

/** How many had begun and not ended at most, by what they wrote down. */
function mostAtOnce(lines: readonly string[]): number {
  let [now, most] = [0, 0];
  for (const line of lines) {
    now += line.startsWith('begins') ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

beforeAll(async () => {
  app = await shopApp('fan-out', { stack: STACK, tasks: { '1_scan': SCAN } });
  await app.write({ 'tasks/_gate.ts': GATE });
});

describe('a task of 64 shards, eight at a time', () => {
  it('executes each once, and as many at once as it says', async () => {
    const { exitCode, output, ran } = await deploy(app, stack);

    expect(output).toMatch(/TasksResult\w* = 1 of 1 ran: scan/);
    expect(exitCode, output).toBe(0);
    const ends = ran.filter((line) => line.startsWith('ends')).sort();
    expect(ends).toEqual(Array.from({ length: 64 }, (_, index) => `ends ${index} of 64`).sort());
    expect(ran).toHaveLength(2 * 64);
    expect(mostAtOnce(ran)).toBe(8);
    expect(await shownTask(app, stack, 'scan')).toMatchObject({ state: 'succeeded', result: '64 shards' });
    const parts = await partsOf('scan');
    expect(parts).toHaveLength(64);
    expect(parts.filter(({ state, attempt }) => state !== 'succeeded' || attempt !== 1)).toEqual([]);
  });
});

describe('a task of 20 keys of which one fails', () => {
  it('fails the deploy with that key, and is done for the others', async () => {
    await writeTasks(app, { '2_tenants': tenantsTask('') });

    const { exitCode, output, words, ran } = await deploy(app, stack);

    expect(words).toMatch(
      /task 2_tenants failed \(attempt 1\b[^)]*\): 1 of 20 failed: key "acme": Error: no such plan/,
    );
    expect(exitCode, output).toBe(1);
    expect(await stack.status()).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(ran.toSorted()).toEqual(linesOf('tenants', OTHERS));
  });

  it('is repaired for that key alone by the next deploy', async () => {
    await openGate(stack, 'tenants');
    await writeTasks(app, {
      '3_roles': tenantsTask(`onFailure: 'continue',`),
      '4_mails': MAILS,
      '5_resync': gatedTask({ first: 'background: true, shards: 3,' }),
    });

    const { exitCode, output, words } = await deploy(app, stack);

    expect(words).toMatch(/FAILED, and the deploy goes on: task 3_roles failed .*1 of 20 failed: key "acme"/);
    expect(exitCode, output).toBe(0);
    expect((await noted('tenants')).toSorted()).toEqual(linesOf('tenants', KEYS));
    expect(await shownTask(app, stack, 'tenants')).toMatchObject({ state: 'succeeded', attempt: 2 });
  });

  it('is repaired for that key alone by a person', async () => {
    expect((await noted('roles')).toSorted()).toEqual(linesOf('roles', OTHERS));
    expect(await shownTask(app, stack, 'roles')).toMatchObject({ state: 'failed' });
    await openGate(stack, 'roles');

    const { exitCode, output } = await afterParty('invoke', 'roles', '--key', 'acme', '--json');

    expect(exitCode, output).toBe(0);
    expect((await noted('roles')).slice(OTHERS.length)).toEqual(['roles acme']);
    expect(await shownTask(app, stack, 'roles')).toMatchObject({ state: 'succeeded' });
  });
});

describe('the keys of a task that is executed at most once', () => {
  it('are each in doubt where they broke off or threw', async () => {
    const { state, reason } = await shownTask(app, stack, 'mails');

    expect(state).toBe('in-doubt');
    expect(reason).toMatch(/^2 of 3 in doubt: key "lost": the runner /);
    expect(await partsOf('mails')).toMatchObject([
      { key: 'sent', state: 'succeeded' },
      { key: 'lost', state: 'in-doubt' },
      { key: 'unsure', state: 'in-doubt', error: { message: 'connection lost' } },
    ]);
    expect(await noted('mails')).toEqual(['mails sent']);
  });

  it('are judged one by one by a person', async () => {
    const done = await afterParty('mark-done', 'mails', '--key', 'lost', '--reason', 'the customer has it');
    const reset = await afterParty(
      'reset',
      'mails',
      '--key',
      'unsure',
      '--reason',
      'it was not sent',
      '--yes',
    );

    expect(done.exitCode, done.output).toBe(0);
    expect(reset.exitCode, reset.output).toBe(0);
    expect(await partsOf('mails')).toMatchObject([
      { key: 'sent', state: 'succeeded', attempt: 1 },
      { key: 'lost', state: 'succeeded', attempt: 1 },
      { key: 'unsure', state: 'pending' },
    ]);
    expect(await noted('mails')).toEqual(['mails sent']);
  });
});

describe('the shards of a background task', () => {
  const state = async (): Promise<string> => (await shownTask(app, stack, 'resync')).state;

  it('are all stopped by a pause', async () => {
    await expect.poll(() => noted('resync'), SOON).toEqual(Array(3).fill('resync begins'));

    const paused = await afterParty('pause', 'resync', '--reason', 'the partner is down');

    expect(paused.exitCode, paused.output).toBe(0);
    await expect.poll(state, SOON).toBe('paused');
    expect(await shownTask(app, stack, 'resync')).toMatchObject({ reason: 'the partner is down' });
  });

  it('are left alone by a deploy, which executes what a person has reset', async () => {
    await openGate(stack, 'mails');
    await writeTasks(app, { '6_other': task() });

    const { exitCode, output, words, ran } = await deploy(app, stack);

    expect(words).toContain('resync is paused');
    expect(exitCode, output).toBe(0);
    expect(ran).toEqual(['mails unsure', 'other']);
    expect(await shownTask(app, stack, 'mails')).toMatchObject({ state: 'succeeded' });
    expect(await state()).toBe('paused');
  });

  it('go on where they were when a person resumes the task', async () => {
    await openGate(stack, 'resync');

    const { exitCode, output } = await afterParty('resume', 'resync', '--json');

    expect(exitCode, output).toBe(0);
    expect(await state()).toBe('succeeded');
    expect(await noted('resync')).toEqual([
      ...Array(3).fill('resync begins'),
      ...Array(3).fill('resync ends'),
    ]);
  });
});
