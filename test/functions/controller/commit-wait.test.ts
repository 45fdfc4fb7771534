import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backgroundRunId } from '../../../functions/controller/background.ts';
import type { RunStatus } from '../../../functions/controller/requests.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { BACKFILL_RUN, CommittingParty, END, MAIL, MAIL_RUN, stackIn } from './committing-party.ts';
import { deployed, OTHER_RUN, RUN } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const DETAILS = '. Details: npx after-party status --stack Shop-prod';

describe('a deploy with background tasks', () => {
  it('is answered before it has committed, and says what will start', async () => {
    const party = await CommittingParty.waiting(table);
    expect(await party.run()).toMatchObject({
      state: 'succeeded',
      commit: 'awaited',
      answer: {
        status: 'SUCCESS',
        text: `no pending tasks to run before the commit. Background: 2 start after the commit${DETAILS}`,
      },
    });
    expect(party.started).toEqual([]);
  });

  it.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'])(
    'starts each in a run of its own once the root is %s',
    async (committed) => {
      const party = await CommittingParty.waiting(table);
      expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 5 });
      party.stack = stackIn(committed, 'UPDATE_IN_PROGRESS');
      expect(await party.decide()).toMatchObject(END);
      expect(party.started).toEqual([MAIL_RUN, BACKFILL_RUN]);
      expect(await party.run()).toMatchObject({ commit: 'started' });
      expect(await party.run(BACKFILL_RUN)).toMatchObject({
        trigger: 'deploy',
        parent: RUN,
        deployId: 'd1',
        state: 'running',
        selection: [{ name: 'backfill' }],
      });
      expect(await party.ask<RunStatus>({ request: 'show-run', runId: RUN })).toMatchObject({
        background: [MAIL_RUN, BACKFILL_RUN],
      });
      const decision = await party.decide(BACKFILL_RUN);
      expect(decision).toMatchObject({ action: 'run', work: { runId: BACKFILL_RUN, versions: ['2'] } });
      expect(decision).not.toHaveProperty('work.deadline');
    },
  );

  it.each([
    'UPDATE_ROLLBACK_IN_PROGRESS',
    'UPDATE_ROLLBACK_COMPLETE',
    'UPDATE_ROLLBACK_FAILED',
    'ROLLBACK_COMPLETE',
    'CREATE_FAILED',
    'UPDATE_FAILED',
    'DELETE_IN_PROGRESS',
    'DELETE_COMPLETE',
  ])('starts nothing once the root is %s, however well its own stack is', async (rootStatus) => {
    const party = await CommittingParty.waiting(table);
    party.stack = stackIn(rootStatus, 'UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    party.stack = stackIn('UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    expect(party.started).toEqual([]);
    expect((await party.run()).commit).toBe('given-up');
  });

  it('asks again while CloudFormation throttles, ever less often, but not for ever', async () => {
    const party = await CommittingParty.waiting(table);
    party.stack = new Error('Rate exceeded');
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 5 });
    party.now += 60;
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 15 });
    party.now += 3_600;
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 30 });
    party.now += 86_400;
    expect(await party.decide()).toMatchObject(END);
    expect((await party.run()).commit).toBe('given-up');
  });

  it('waits as long as the stack takes, however long that is', async () => {
    const party = await CommittingParty.waiting(table);
    party.now += 200_000;
    expect(await party.decide()).toMatchObject({ action: 'wait', seconds: 30 });
  });

  it('leaves them to a later deploy that has begun, also if that one has committed', async () => {
    const party = await CommittingParty.waiting(table);
    await party.accept(OTHER_RUN);
    await party.decide(OTHER_RUN);
    expect((await party.run(OTHER_RUN)).background).toMatchObject([{ name: 'mail' }, { name: 'backfill' }]);
    party.stack = stackIn('UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    expect(party.started).toEqual([]);
    await party.decide(OTHER_RUN);
    expect(party.started).toEqual([backgroundRunId(OTHER_RUN, '1'), backgroundRunId(OTHER_RUN, '2')]);
  });

  it('that failed starts none', async () => {
    const party = await CommittingParty.deploying(table, [deployed('0'), MAIL]);
    await party.decide();
    await party.executed('0', 'failed', RUN);
    expect(await party.decide()).toMatchObject(END);
    expect(await party.run()).toMatchObject({
      state: 'failed',
      commit: 'given-up',
      answer: { status: 'FAILED' },
    });
    expect((await party.run()).answer?.text).not.toContain('Background');
  });

  it('whose failure spared the stack starts none, though the stack commits', async () => {
    const party = await CommittingParty.deploying(table, [deployed('0'), MAIL]);
    await party.ledger.edit(RUN, { requestType: 'Create' }, `${party.ledger.id}#runs`);
    await party.decide();
    await party.executed('0', 'failed', RUN);
    expect(await party.decide()).toMatchObject(END);
    expect(await party.run()).toMatchObject({ commit: 'given-up', answer: { status: 'SUCCESS' } });
  });

  it('whose failures are tolerated starts them', async () => {
    const party = await CommittingParty.deploying(table, [deployed('0', { onFailure: 'continue' }), MAIL]);
    await party.decide();
    await party.executed('0', 'failed', RUN);
    party.stack = stackIn('UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    expect((await party.run()).answer?.text).toContain('Background: 1 starts after the commit');
    expect(party.started).toEqual([MAIL_RUN]);
  });

  it('says what it leaves alone', async () => {
    const tasks = ['mail', 'backfill', 'sync'].map((name, index) =>
      deployed(String(index + 1), { name, background: true }),
    );
    const party = await CommittingParty.deploying(table, tasks);
    await party.executed('1', 'in-doubt');
    const claim = await party.claim('2');
    await party.ledger.tasks.checkpoint(claim, 43, { done: 43, total: 100 }, at(1));
    await party.decide();
    expect((await party.run()).answer?.text).toBe(
      `no pending tasks to run before the commit. Background: 1 starts after the commit, mail is in doubt, backfill is still running, 43 %${DETAILS}`,
    );
  });

  it.each([
    [{}, 'backfill is still running, 43 %'],
    [{ reason: 'limit of 43 items reached' }, '1 starts after the commit'],
  ])('says of what is interrupted whether a run goes on with it: %j', async (stopped, words) => {
    const party = await CommittingParty.deploying(table, [
      deployed('2', { name: 'backfill', background: true }),
    ]);
    const claim = await party.claim('2');
    const far = { cursor: 43, progress: { done: 43, total: 100 } };
    await party.ledger.tasks.finish(claim, { state: 'interrupted', ...far, ...stopped }, at(1));
    await party.decide();
    expect((await party.run()).answer?.text).toBe(
      `no pending tasks to run before the commit. Background: ${words}${DETAILS}`,
    );
  });

  it.each([
    [4, 'backfill is still running, 43 %'],
    // To read them all would take longer than CloudFormation shall wait for a figure.
    [1_001, 'backfill is still running'],
  ])('says of one whose %i children are executed: %s', async (count, words) => {
    const party = await CommittingParty.deploying(table, [
      deployed('2', { name: 'backfill', background: true, splits: 'shards' }),
    ]);
    const plan = at(1);
    const claim = await party.claim('2');
    const children = party.ledger.children('2');
    for (const index of [0, 1, 2, 3]) {
      await children.plan(claim, plan, index + 1, { shard: { index, count } }, plan);
    }
    await party.ledger.tasks.fanOut(claim, { of: 'shards', count, parallel: 4, plan }, plan);
    for (const [index, done] of [90, 82].entries()) {
      const progress = { done, total: 100 };
      const edit = { progress, attempt: 1 };
      await party.ledger.edit(String(index + 1).padStart(7, '0'), edit, `${party.ledger.id}#2`);
    }
    await party.decide();
    expect((await party.run()).answer?.text).toBe(
      `no pending tasks to run before the commit. Background: ${words}${DETAILS}`,
    );
  });
});
