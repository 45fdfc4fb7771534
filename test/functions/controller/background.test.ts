import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backgroundRunId } from '../../../functions/controller/background.ts';
import type { RunStatus } from '../../../functions/controller/requests.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import type { Work } from '../../../functions/workflow-messages.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { BACKFILL, BACKFILL_RUN, CommittingParty, END, MAIL, stackIn } from './committing-party.ts';
import { ARN, deployed, OTHER_RUN, RUN, runOf, selectedTask } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const BACKFILL_WORK: Work = { v: 1, runId: BACKFILL_RUN, versions: ['2'], timeoutSeconds: 960 };

describe('the run of a background task', () => {
  async function started(tasks: ManifestTask[] = [BACKFILL]): Promise<CommittingParty> {
    const party = await CommittingParty.waiting(table, tasks);
    party.stack = stackIn('UPDATE_COMPLETE');
    await party.decide();
    return party;
  }

  it('that another run is executing ends at once, and says how far that is', async () => {
    const party = await started();
    const claim = await party.claim('2', OTHER_RUN, at(500));
    await party.ledger.tasks.checkpoint(claim, 43, { done: 43, total: 100 }, at(1));
    expect(await party.decide(BACKFILL_RUN)).toMatchObject(END);
    expect(await party.run(BACKFILL_RUN)).toMatchObject({
      state: 'held',
      answer: { text: `task 2_backfill is still running, 43 %, in run ${OTHER_RUN}` },
    });
  });

  it.each([
    ['goes on with is left to it', true, { action: 'end' }],
    ['has left is taken up', false, { action: 'run' }],
  ])('that another run %s between two slices', async (_, isRunning, decision) => {
    const party = await started();
    await party.ledger.runs.accept(runOf([selectedTask('2')], { runId: OTHER_RUN, parent: 'c'.repeat(32) }));
    await party.slice('2', OTHER_RUN);
    if (isRunning) party.running.add(OTHER_RUN);
    expect(await party.decide(BACKFILL_RUN)).toMatchObject(decision);
  });

  it('that has ended is not held, whatever its execution still does', async () => {
    const party = await started();
    const other = runOf([selectedTask('2')], { runId: OTHER_RUN, state: 'cancelled' });
    await party.ledger.runs.accept(other);
    await party.slice('2', OTHER_RUN);
    party.running.add(OTHER_RUN);
    expect(await party.decide(BACKFILL_RUN)).toMatchObject({ action: 'run' });
  });

  it('that is paused is left so, and it says so', async () => {
    const party = await started();
    const claim = await party.claim('2', OTHER_RUN);
    await party.ledger.tasks.finish(claim, { state: 'paused', cursor: 43 }, at(50));
    expect(await party.decide(BACKFILL_RUN)).toMatchObject(END);
    const { state, answer } = await party.run(BACKFILL_RUN);
    expect([state, answer?.text]).toEqual(['succeeded', expect.stringContaining('backfill is paused')]);
  });

  describe('that is after another', () => {
    const LAST = deployed('3', { name: 'last', background: true, after: ['backfill'] });
    const LAST_RUN = backgroundRunId(RUN, '3');

    it.each<[string, (party: CommittingParty) => Promise<unknown>]>([
      ['is about to begin', async () => undefined],
      ['is being executed', (party) => party.claim('2', BACKFILL_RUN)],
      ['is between two slices', (party) => party.slice('2', BACKFILL_RUN)],
      ['is executed by an earlier run', (party) => party.claim('2', OTHER_RUN, at(500))],
    ])('waits while that one %s', async (_, happens) => {
      const party = await started([BACKFILL, LAST]);
      await happens(party);
      expect(await party.decide(LAST_RUN)).toMatchObject({ action: 'wait', seconds: 30 });
    });

    it.each<[string, (party: CommittingParty) => Promise<unknown>]>([
      ['failed', (party) => party.executed('2', 'failed', BACKFILL_RUN)],
      ['in-doubt', (party) => party.executed('2', 'in-doubt', BACKFILL_RUN)],
      ['interrupted', (party) => party.slice('2', OTHER_RUN)],
      ['pending', async () => undefined],
    ])('ends once no run sees to that one: %s', async (state, happens) => {
      const party = await started([BACKFILL, LAST]);
      await happens(party);
      party.running.delete(BACKFILL_RUN);
      expect(await party.decide(LAST_RUN)).toMatchObject(END);
      expect(await party.run(LAST_RUN)).toMatchObject({
        state: 'failed',
        answer: {
          text: expect.stringMatching(
            `^task 3_last must run after 2_backfill \\(${state}\\), which has not succeeded\\. `,
          ),
        },
      });
    });

    it('runs after that one', async () => {
      const party = await started([BACKFILL, LAST]);
      await party.executed('2', 'succeeded', BACKFILL_RUN);
      expect(await party.decide(LAST_RUN)).toMatchObject({ action: 'run', work: { versions: ['3'] } });
    });
  });

  it('goes on with what it interrupted itself', async () => {
    const party = await started();
    await party.slice('2', BACKFILL_RUN);
    expect(await party.decide(BACKFILL_RUN)).toMatchObject({ action: 'run' });
  });

  it('leaves what is in doubt, and says so', async () => {
    const party = await started();
    await party.executed('2', 'in-doubt');
    expect(await party.decide(BACKFILL_RUN)).toMatchObject(END);
    const { state, answer } = await party.run(BACKFILL_RUN);
    expect([state, answer?.text]).toEqual(['failed', expect.stringContaining('task 2_backfill is in doubt')]);
  });

  it('ends where its file is gone, and leaves the task with its cursor', async () => {
    const party = await started();
    await party.slice('2', BACKFILL_RUN);
    const report = { v: 1, runId: BACKFILL_RUN, missing: '2' } as const;
    expect(await party.decide(BACKFILL_RUN, { work: BACKFILL_WORK, report })).toMatchObject(END);
    expect(await party.ledger.record('2')).toMatchObject({
      state: 'interrupted',
      cursor: 43,
      reason: 'no-file: the task is no longer in what is deployed',
    });
    expect(await party.run(BACKFILL_RUN)).toMatchObject({
      state: 'failed',
      answer: { text: 'task 2_backfill is interrupted, and its file is no longer in what is deployed' },
    });
  });

  it('is called again where the service refuses the first call, for an hour', async () => {
    const party = await started();
    const error = { Error: 'Lambda.TooManyRequestsException' };
    expect(await party.decide(BACKFILL_RUN, { work: BACKFILL_WORK, error })).toMatchObject({
      action: 'wait',
    });
    party.now += 3_601;
    expect(await party.decide(BACKFILL_RUN, { work: BACKFILL_WORK, error })).toMatchObject(END);
    expect((await party.run(BACKFILL_RUN)).answer?.text).toContain('could not be called');
  });

  it('is not run by hand meanwhile: `invoke` is refused, `run` leaves it out', async () => {
    const party = await started([MAIL, BACKFILL]);
    await party.slice('2', BACKFILL_RUN);
    party.running.add(BACKFILL_RUN);
    const byHand = { by: ARN, confirmed: true, names: ['backfill'] };
    expect(await party.refusal({ request: 'invoke', runId: OTHER_RUN, ...byHand })).toMatchObject({
      code: 'held',
    });
    const run = await party.ask<RunStatus>({ request: 'run', runId: OTHER_RUN, by: ARN });
    expect(run.tasks.map(({ name }) => name)).toEqual(['mail']);
    await expect(party.claim('2', OTHER_RUN)).resolves.toBeDefined();
  });
});
