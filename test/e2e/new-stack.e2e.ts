import { beforeAll, describe, expect, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import { DeployedStack } from './harness/deployed-stack.ts';
import { shopApp, task, writeTasks } from './harness/shop-app.ts';

const STACK = 'Fresh-shop';
const stack = new DeployedStack(STACK);
const ledgerStack = new DeployedStack(`${STACK}-Ledger`);
let app: CdkApp;

beforeAll(async () => {
  app = await shopApp('new-stack', {
    stack: STACK,
    props: `ledger: new TableV2(new Stack(app, '${STACK}-Ledger'), 'Ledger', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
  }),`,
    tasks: {
      '1_first': task(),
      '2_second': task({ body: `throw new Error('not today');` }),
      '3_third': task(),
    },
  });
});

describe('a stack whose first deploy fails, with its ledger in another stack', () => {
  it('rolls back and keeps what ran', async () => {
    const { exitCode, output } = await app.deploy('--all');

    expect(output.replace(/\s+/g, ' ')).toContain('task 2_second failed (attempt 1');
    expect(exitCode, output).toBe(1);
    expect(await stack.status()).toBe('ROLLBACK_COMPLETE');
    const states = (await ledgerStack.items(await ledgerStack.ledger())).flatMap(({ sk, state }) =>
      String(sk).startsWith('task#') ? [`${sk} ${state}`] : [],
    );
    expect(states.sort()).toEqual(['task#1 succeeded', 'task#2 failed']);
  });

  it('is said to have no tasks deployed', async () => {
    const { exitCode, stderr } = await app.afterParty('status', '--stack', STACK);

    expect(stderr).toContain(STACK);
    expect(exitCode, stderr).toBe(2);
  });

  it('starts at the task that failed once it is mended', async () => {
    await writeTasks(app, { '2_second': task() });

    const { exitCode, output } = await app.deploy('--all');

    expect(exitCode, output).toBe(0);
    // The rolled back stack took the journal of the first deploy with it.
    expect(await stack.journal()).toEqual(['second', 'third']);
  });
});
