import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import type { CommandResult } from './harness/command.ts';
import { DeployedStack, RESPONSE_URL } from './harness/deployed-stack.ts';
import { shopApp, task, writeTasks } from './harness/shop-app.ts';

const STACK = 'Mistakes';
const stack = new DeployedStack(STACK);
let app: CdkApp;

const SLOW = task({ body: 'await new Promise((resolve) => setTimeout(resolve, 8_000));' });

function afterParty(...args: string[]): Promise<CommandResult> {
  return app.afterParty(...args, '--stack', STACK);
}

/** What the program says in JSON when it refuses. */
function refusal(result: CommandResult): unknown {
  return JSON.parse(result.stdout).error;
}

const explained = { code: expect.any(String), message: expect.any(String), resolution: expect.any(String) };

beforeAll(async () => {
  app = await shopApp('mistakes', { stack: STACK, tasks: { '1_slow': SLOW } });
});

describe('a stack before its first deploy has ended', () => {
  it('is refused where it was never deployed', async () => {
    const prepared = await app.deploy('--no-execute');
    expect(prepared.exitCode).toBe(0);

    const result = await afterParty('status', '--json');

    expect(refusal(result)).toMatchObject({ ...explained, message: expect.stringContaining(STACK) });
    expect(result.exitCode).toBe(2);
  });

  it('is refused while it is being created', async () => {
    const deploy = app.deploy();
    await expect.poll(() => stack.status().catch(String), { timeout: 60_000 }).toBe('CREATE_IN_PROGRESS');

    const result = await afterParty('run', '--json');

    expect(refusal(result)).toMatchObject({ ...explained, message: expect.stringContaining(STACK) });
    expect(result.exitCode).toBe(2);
    expect((await deploy).exitCode).toBe(0);
  });
});

describe('a request that cannot be met', () => {
  it.each([
    { what: 'an unknown environment', args: ['status', '--json', '--env', 'nowhere'], names: 'nowhere' },
    { what: 'an unknown stack', args: ['status', '--json', '--stack', 'Nowhere'], names: 'Nowhere' },
    {
      what: 'a stack without a party',
      args: ['status', '--json', '--stack', 'CDKToolkit'],
      names: 'CDKToolkit',
    },
    {
      what: 'an unknown party',
      args: ['status', '--json', '--stack', STACK, '--party', 'Chores'],
      names: 'Chores',
    },
  ])('ends with 2 for $what', async ({ args, names }) => {
    const result = await app.afterParty(...args);

    expect(refusal(result)).toMatchObject(explained);
    expect(JSON.stringify(refusal(result))).toContain(names);
    expect(result.exitCode).toBe(2);
  });

  it('ends with 2 without credentials', async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...env } = app.environment;

    const result = await app.runIn(env, 'after-party', 'status', '--json', '--stack', STACK);

    expect(refusal(result)).toMatchObject({ ...explained, message: expect.stringMatching(/credentials/i) });
    expect(result.exitCode).toBe(2);
  });

  it('runs nothing for an unknown task beside a good one', async () => {
    const before = await stack.journal();

    const result = await afterParty('invoke', 'slow', 'slwo', '--yes', '--json');

    expect(refusal(result)).toMatchObject({ ...explained, code: 'unknown-task' });
    expect(JSON.stringify(refusal(result))).toContain('slwo');
    expect(result.exitCode).toBe(2);
    expect(await stack.journal()).toEqual(before);
  });

  it('does not run again what succeeded, unasked', async () => {
    const result = await afterParty('invoke', 'slow', '--json');

    expect(JSON.stringify(refusal(result))).toContain('--yes');
    expect(result.exitCode).toBe(2);
  });

  it('runs nothing whose params do not fit', async () => {
    const before = await stack.journal();

    const result = await afterParty('invoke', 'slow', '--yes', '--params', '{"month":', '--json');

    expect(refusal(result)).toMatchObject(explained);
    expect(result.exitCode).toBe(2);
    expect(await stack.journal()).toEqual(before);
  });
});

describe('a deployed stack', () => {
  it('shows and holds a task that a deploy is running', async () => {
    await app.remove('tasks/1_slow.ts');
    const manual = task({ first: `when: 'manual',` });
    await writeTasks(app, { '2_slower': SLOW, '3_other': manual, '4_slow': manual });
    const deploy = app.deploy();
    const state = async (): Promise<string> => {
      const { tasks } = JSON.parse((await afterParty('status', '--json')).stdout);
      return tasks.find(({ name }: { name: string }) => name === 'slower')?.state;
    };
    await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe('running');

    const result = await afterParty('invoke', 'slower', '--json');

    expect(refusal(result)).toMatchObject({ ...explained, code: 'held' });
    expect(result.exitCode).toBe(4);
    // What the search for leaks looks for is there as long as CloudFormation waits, and only then.
    const urls = async (): Promise<string[]> =>
      (await stack.items(await stack.ledger()))
        .map((item) => JSON.stringify(item))
        .filter((item) => item.includes(RESPONSE_URL));
    expect(await urls()).toHaveLength(1);
    expect((await deploy).exitCode).toBe(0);
    expect(await urls()).toEqual([]);
    expect((await stack.journal()).filter((name) => name === 'slower')).toHaveLength(1);
  });

  it('runs nothing for a name that two tasks have had', async () => {
    const before = await stack.journal();

    const result = await afterParty('invoke', 'slow', 'other', '--json');

    expect(refusal(result)).toMatchObject({ ...explained, code: 'ambiguous-task' });
    expect(JSON.stringify(refusal(result))).toMatch(/1_slow.*4_slow|4_slow.*1_slow/);
    expect(result.exitCode).toBe(2);
    expect(await stack.journal()).toEqual(before);
  });

  it('names a record that somebody edited, and leaves the others usable', async () => {
    const TableName = await stack.ledger();
    const record = (await stack.items(TableName)).find(({ sk }) => sk === 'task#2');
    await stack.documents.send(
      new UpdateCommand({
        TableName,
        Key: { pk: record?.pk, sk: record?.sk },
        UpdateExpression: 'SET #state = :nonsense',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':nonsense': 'almost done' },
      }),
    );

    const status = JSON.parse((await afterParty('status', '--json')).stdout);
    const invoked = await afterParty('invoke', 'slower', '--yes', '--json');
    const other = await afterParty('invoke', 'other', '--json');

    expect(JSON.stringify(status.tasks)).toMatch(/damaged/);
    expect(refusal(invoked)).toMatchObject({ ...explained, code: 'damaged-record' });
    expect(invoked.exitCode).toBe(2);
    expect(other.exitCode).toBe(0);
  });
});
