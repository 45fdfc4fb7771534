import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PendingAnswer } from '../../../functions/ledger/index.ts';
import { at, OTHER_RUN, RUN, TestTable } from './open-ledger.ts';

let table: TestTable;

beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const deploy = { runId: RUN, deployId: 'd1', newEnvironment: true, baseline: ['007', '8'], now: at(0) };

describe("the party's record", () => {
  it('is not there before its first deploy', async () => {
    expect(await table.open().party.get()).toBeUndefined();
  });

  it('says of the environment what the first deploy said, and of the last deploy what the last one says', async () => {
    const ledger = table.open();
    await ledger.party.beginDeploy(deploy);
    await ledger.party.beginDeploy({
      ...{ runId: OTHER_RUN, deployId: undefined, newEnvironment: false, baseline: ['9'], now: at(60) },
    });

    expect(await ledger.party.get()).toEqual({
      schema: 1,
      summary: 'last deploy began at 2026-11-20 09:16 UTC',
      createdAt: at(0),
      newEnvironment: true,
      baselined: new Set(['7', '8']),
      lastDeploy: { runId: OTHER_RUN, at: at(60) },
    });
  });

  it('baselines nothing where there is nothing to baseline', async () => {
    const ledger = table.open();
    await ledger.party.beginDeploy({ ...deploy, baseline: [] });

    expect(await ledger.party.get()).not.toHaveProperty('baselined');
  });

  it('forgets that a task was baselined', async () => {
    const ledger = table.open();
    await ledger.party.beginDeploy(deploy);

    await ledger.party.forgetBaselined('7');
    expect((await ledger.party.get())?.baselined).toEqual(new Set(['8']));
    await ledger.party.forgetBaselined('08');
    expect(await ledger.party.get()).not.toHaveProperty('baselined');
  });

  it('is not made by forgetting', async () => {
    const ledger = table.open();
    await ledger.party.forgetBaselined('7');

    expect(await ledger.party.get()).toBeUndefined();
  });
});

describe('an answer that CloudFormation waits for', () => {
  const answer: PendingAnswer = {
    schema: 1,
    responseUrl: 'https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/x',
    requestId: 'r',
    stackId: 's',
    logicalResourceId: 'l',
    physicalResourceId: 'p',
  };

  it('is kept once and forgotten for good', async () => {
    const ledger = table.open();
    await ledger.answers.keep(RUN, answer);
    await ledger.answers.keep(RUN, { ...answer, requestId: 'another' });
    expect(await ledger.answers.get(RUN)).toEqual(answer);

    await ledger.answers.forget(RUN);
    await ledger.answers.forget(RUN);
    expect(await ledger.answers.get(RUN)).toBeUndefined();
  });

  it('lies in a partition of its own, which the runner may not read', async () => {
    const ledger = table.open();
    await ledger.answers.keep(RUN, answer);

    expect(await ledger.item(RUN, `${ledger.id}#answers`)).toMatchObject({ responseUrl: answer.responseUrl });
  });
});
