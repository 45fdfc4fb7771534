import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient } from '../../../functions/ledger/index.ts';
import {
  accepted,
  at,
  OTHER_RUN,
  RUN,
  request,
  selected,
  type TestLedger,
  TestTable,
  won,
} from './open-ledger.ts';

let table: TestTable;
let client: DynamoDBDocument;
let ledger: TestLedger;

beforeAll(async () => {
  table = await TestTable.start();
});
afterEach(() => client.destroy());
afterAll(() => table.stop());

/** A ledger whose client loses the answer to the first try of each write, and therefore tries again. */
function openWithLostAnswers(): TestLedger {
  client = createDocumentClient(table.config);
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (
          commandName === 'UpdateItemCommand' ||
          commandName === 'PutItemCommand' ||
          commandName === 'DeleteItemCommand'
        ) {
          await next(args);
          await meanwhile();
        }
        return next(args);
      },
    { step: 'finalizeRequest', name: 'lost-answer', priority: 'low' },
  );
  meanwhile = async () => undefined;
  return table.open(client);
}

/** What happens between the two tries. */
let meanwhile: () => Promise<unknown>;

describe('a write that the SDK sends twice', () => {
  it('claims a task once', async () => {
    ledger = openWithLostAnswers();
    const claim = won(await ledger.tasks.claim(request({ token: 'mine' })));

    expect(claim).toMatchObject({ attempt: 1, token: 'mine', startedAt: at(0), previous: 'unknown' });
    expect(await ledger.record()).toMatchObject({ state: 'running', owner: 'mine', attempt: 1 });
    expect(await ledger.tasks.finish(claim, { state: 'succeeded' }, at(5))).toBe(true);
    expect(await ledger.record()).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      history: [{ attempt: 1 }],
    });
    expect((await ledger.record()).history).toHaveLength(1);
  });

  it('does not take the claim of another for its own', async () => {
    ledger = openWithLostAnswers();
    const rival = won(await ledger.tasks.claim(request()));

    const result = await ledger.tasks.claim(request());

    expect(result).toMatchObject({ claimed: false, holder: { owner: rival.token } });
  });

  it('keeps the attempts and the history of before', async () => {
    ledger = openWithLostAnswers();
    const first = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(first, { state: 'failed', reason: 'r' }, at(5));

    const second = won(await ledger.tasks.claim(request({ runId: OTHER_RUN })));
    expect(second.attempt).toBe(2);
    await ledger.tasks.finish(second, { state: 'succeeded' }, at(9));

    expect((await ledger.record()).history.map(({ state }) => state)).toEqual(['failed', 'succeeded']);
  });

  it('does not finish a task whose claim was lost between the tries', async () => {
    ledger = openWithLostAnswers();
    const claim = won(await ledger.tasks.claim(request({ task: { when: 'every-deploy' } })));
    meanwhile = async () => {
      meanwhile = async () => undefined;
      await ledger.tasks.claim(request({ runId: OTHER_RUN, task: { when: 'every-deploy' } }));
    };

    expect(await ledger.tasks.finish(claim, { state: 'succeeded' }, at(5))).toBe(false);
    expect(await ledger.record()).toMatchObject({ state: 'running', run: OTHER_RUN });
  });

  it('gives a task back, of which it cannot say how it was before', async () => {
    ledger = openWithLostAnswers();
    const claim = won(await ledger.tasks.claim(request()));

    await ledger.tasks.release(claim, at(1));

    const record = await ledger.record();
    expect(record).toMatchObject({ state: 'failed', reason: 'the run was cancelled before the task began' });
    expect((await ledger.tasks.claim(request({ runId: OTHER_RUN }))).claimed).toBe(true);
  });

  it('corrects a record once', async () => {
    ledger = openWithLostAnswers();
    const { version, name } = selected();

    const record = await ledger.tasks.correct({ kind: 'skip', version, name, by: 'ann', reason: 'r' }, at(0));

    expect(await ledger.record()).toEqual(record);
    expect(record.history).toHaveLength(1);
  });

  it('accepts, begins, cancels and settles a run', async () => {
    ledger = openWithLostAnswers();
    await ledger.runs.accept(accepted());
    await ledger.runs.begin(RUN, [selected()], false);
    expect(await ledger.runs.requestCancel(RUN, { cause: 'person', by: 'ann', at: at(1) })).toBe(true);
    const counts = { succeeded: 0, failed: 0, notStarted: 1 };

    const settled = await ledger.runs.settle(
      await ledger.runs.require(RUN),
      { state: 'cancelled', counts, status: 'FAILED', text: 'cancelled', retentionDays: 1 },
      at(2),
    );

    expect(settled).toMatchObject({ state: 'cancelled', counts, request: { by: 'ann' } });
  });

  it('keeps and forgets an answer, and baselines', async () => {
    ledger = openWithLostAnswers();
    const answer = {
      schema: 1,
      responseUrl: 'u',
      requestId: 'r',
      stackId: 's',
      logicalResourceId: 'l',
      physicalResourceId: 'p',
    } as const;
    await ledger.answers.keep(RUN, answer);
    expect(await ledger.answers.get(RUN)).toEqual(answer);
    await ledger.answers.forget(RUN);
    expect(await ledger.answers.get(RUN)).toBeUndefined();

    await ledger.party.beginDeploy({
      runId: RUN,
      deployId: 'd',
      newEnvironment: true,
      baseline: ['1', '2'],
      now: at(0),
    });
    await ledger.party.forgetBaselined('1');
    expect((await ledger.party.get())?.baselined).toEqual(new Set(['2']));
  });
});
