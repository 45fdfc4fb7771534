import { beforeAll, describe, expect, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import { deploy } from './harness/deploy.ts';
import { DeployedStack } from './harness/deployed-stack.ts';
import { GATE, gatedTask, openGate, SOON, shownTask } from './harness/long-tasks.ts';
import { shopApp, task, writeTasks } from './harness/shop-app.ts';

const STACK = 'Background';
const stack = new DeployedStack(STACK);
let app: CdkApp;

const MAIL = task({
  imports: `import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';`,
  first: 'background: true,',
  body: `const { Stacks } = await new CloudFormationClient({}).send(new DescribeStacksCommand({ StackName: '${STACK}' }));
    await note(env.JOURNAL_TABLE, name + ' while ' + Stacks?.[0]?.StackStatus);`,
});

async function noted(name: string): Promise<string[]> {
  return (await stack.journal()).filter((line) => line.startsWith(name));
}

/** What became of the background tasks of each deploy that had any. */
async function commits(of: DeployedStack): Promise<string[]> {
  const ledgers = (await of.tableNames()).filter((name) => !name.includes('Journal'));
  const items = await Promise.all(ledgers.map((ledger) => of.items(ledger)));
  return items
    .flat()
    .flatMap(({ commit }) => (commit === undefined ? [] : [String(commit)]))
    .sort();
}

beforeAll(async () => {
  app = await shopApp('background', {
    stack: STACK,
    props: 'timeout: Duration.seconds(10),',
    tasks: {
      '1_slow': task({ body: 'await new Promise((resolve) => setTimeout(resolve, 2_000));' }),
      '2_mail': MAIL,
    },
  });
  await app.write({ 'tasks/_gate.ts': GATE });
});

describe('a background task', () => {
  it('starts once the stack has committed', async () => {
    const { exitCode, output, words } = await deploy(app, stack);

    expect(words).toMatch(/TasksResult\w* = 1 of 1 ran: slow .*Background: 1 starts after the commit/);
    expect(exitCode, output).toBe(0);
    await expect.poll(() => stack.journal(), SOON).toEqual(['slow', 'mail', 'mail while CREATE_COMPLETE']);
  });

  it('does not start where a task that the deploy waited for failed', async () => {
    await writeTasks(app, {
      '3_restart': task({ body: `throw new Error('not today');` }),
      '4_second_mail': MAIL,
    });

    const { exitCode, output } = await deploy(app, stack);

    expect(exitCode, output).toBe(1);
    expect(await stack.status()).toBe('UPDATE_ROLLBACK_COMPLETE');
    await expect.poll(() => commits(stack), SOON).toEqual(['given-up', 'started']);
    expect(await noted('second_mail')).toEqual([]);
  });

  it('starts with the deploy that succeeds', async () => {
    await writeTasks(app, { '3_restart': task() });

    const { exitCode, output } = await deploy(app, stack);

    expect(exitCode, output).toBe(0);
    await expect
      .poll(() => noted('second_mail'), SOON)
      .toEqual(['second_mail', expect.stringMatching(/^second_mail while UPDATE_COMPLETE(_CLEANUP_|$)/)]);
    expect(await noted('mail')).toHaveLength(2);
  });
});

describe('a background task that goes on while others deploy', () => {
  it('is left alone by two deploys', async () => {
    // prepare
    await writeTasks(app, { '5_backfill': gatedTask({ first: 'background: true,' }) });
    const begun = await deploy(app, stack);
    expect(begun.exitCode, begun.output).toBe(0);
    await expect.poll(() => noted('backfill'), SOON).toEqual(['backfill begins']);

    // act: MiniStack would kill the invocation if the runner's code changed
    const second = await deploy(app, stack);
    const third = await deploy(app, stack);
    await openGate(stack, 'backfill');

    // assess
    for (const { exitCode, output, words } of [second, third]) {
      expect(words).toMatch(
        /no pending tasks to run before the commit\. Background: backfill is still running, 43/,
      );
      expect(exitCode, output).toBe(0);
    }
    await expect.poll(() => noted('backfill'), SOON).toEqual(['backfill begins', 'backfill ends']);
    await expect
      .poll(() => shownTask(app, stack, 'backfill'), SOON)
      .toMatchObject({ state: 'succeeded', reason: null });
  });

  it('goes on with the code of a later deploy where it was', async () => {
    await writeTasks(app, { '6_recount': gatedTask({ first: 'background: true,' }) });
    const begun = await deploy(app, stack);
    expect(begun.exitCode, begun.output).toBe(0);
    await expect.poll(() => noted('recount'), SOON).toEqual(['recount begins']);

    await writeTasks(app, { '6_recount': gatedTask({ first: 'background: true,', last: 'ends anew' }) });
    const { exitCode, output } = await deploy(app, stack);
    await openGate(stack, 'recount');

    expect(exitCode, output).toBe(0);
    await expect.poll(() => noted('recount'), SOON).toEqual(['recount begins', 'recount ends anew']);
  });
});

describe('a background task after another', () => {
  it('waits for it', async () => {
    await writeTasks(app, {
      '8_index': gatedTask({ first: 'background: true,' }),
      '7_search': task({ first: `background: true, after: ['index'],` }),
    });
    const { exitCode, output } = await deploy(app, stack);
    expect(exitCode, output).toBe(0);
    await expect.poll(() => noted('index'), SOON).toEqual(['index begins']);
    await expect.poll(() => commits(stack).then((all) => all.includes('committed')), SOON).toBe(false);
    expect(await noted('search')).toEqual([]);

    await openGate(stack, 'index');

    await expect.poll(() => noted('search'), SOON).toEqual(['search']);
    expect((await stack.journal()).slice(-2)).toEqual(['index ends', 'search']);
  });

  it('keeps a deploy from running a task that it does not wait for', async () => {
    await writeTasks(app, {
      '9_purge': task({ first: `after: ['slow', 'reindex'],` }),
      '10_reindex': task({ first: `when: 'manual',` }),
    });

    const { exitCode, output, words, ran } = await deploy(app, stack);

    expect(words).toMatch(/9_purge must run after 10_reindex/);
    expect(exitCode, output).toBe(1);
    expect(ran).toEqual([]);
  });
});

describe('a stack that rolls back after its tasks have succeeded', () => {
  const late = new DeployedStack('Rolled-back');
  const chore = (body: string): string => `import { defineTask } from 'after-party/task';
export default defineTask({ run() { ${body} } });
`;

  it('starts no background task', async () => {
    // prepare
    const rolledBack = await shopApp('rolled-back', { stack: late.name, tasks: { '1_first': task() } });
    await rolledBack.write({
      'chores/1_tidy.ts': chore(''),
      // A second party, which comes last in the stack.
      'app.js': `${await rolledBack.read('app.js')}
new AfterParty(stack, 'Chores', { tasks: 'chores' }).node.addDependency(party);
`,
    });
    const first = await deploy(rolledBack, late);
    expect(first.exitCode, first.output).toBe(0);
    await rolledBack.write({ 'chores/2_break.ts': chore(`throw new Error('not today');`) });
    await writeTasks(rolledBack, { '2_second': task(), '3_mail': task({ first: 'background: true,' }) });

    // act
    const { exitCode, output, words, ran } = await deploy(rolledBack, late);

    // assess
    expect(words).toContain('task 2_break failed');
    expect(exitCode, output).toBe(1);
    expect(await late.status()).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(ran).toEqual(['second']);
    await expect.poll(() => commits(late), SOON).toEqual(['given-up']);
    expect(await late.journal()).toEqual(['first', 'second']);
  });
});
