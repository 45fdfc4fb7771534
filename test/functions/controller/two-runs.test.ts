import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord, SelectedTask } from '../../../functions/ledger/index.ts';
import type { Decision } from '../../../functions/workflow-messages.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { deployed, manifestOf, OTHER_RUN, RUN, runOf, selectedTask, TestParty } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const THIRD = 'c'.repeat(32);

/** A party in which another run is between two slices of task 2, and goes on with it unless told otherwise. */
async function partyBetweenSlices(
  run: Partial<RunRecord>,
  { reason, isRunning = true }: { reason?: string; isRunning?: boolean } = {},
): Promise<TestParty> {
  const workflow = {
    isRunning: async () => isRunning,
    start: async () => 'started' as const,
    check: async () => undefined,
  };
  const tasks = ['1', '2', '3'].map((version) => deployed(version, { iterates: true }));
  const party = new TestParty(table, manifestOf(...tasks), { workflow });
  const [one, two, three] = ['1', '2', '3'].map((version) => selectedTask(version)) as [
    SelectedTask,
    SelectedTask,
    SelectedTask,
  ];
  await party.ledger.runs.accept(runOf([two], { runId: OTHER_RUN, trigger: 'invoke' }));
  await party.ledger.runs.accept(runOf([one, two, three], { deadline: at(1_800), ...run }));
  const claim = await party.claim('2', OTHER_RUN);
  const yielded = { state: 'interrupted', cursor: 7, ...(reason === undefined ? {} : { reason }) } as const;
  await party.ledger.tasks.finish(claim, yielded, at(10));
  return party;
}

const decide = (party: TestParty, runId = RUN) =>
  party.send({ v: 1, request: 'decide', state: { v: 1, runId } }) as Promise<Decision>;

describe('a task that another run is between two slices of', () => {
  it.each(['invoke', 'run', 'deploy'] as const)(
    'is left to it by %s, which runs what comes before',
    async (trigger) => {
      const party = await partyBetweenSlices({ trigger });
      expect(await decide(party)).toMatchObject({ action: 'run', work: { versions: ['1'] } });
    },
  );

  it.each(['invoke', 'run'] as const)('holds %s, which ends with that', async (trigger) => {
    const party = await partyBetweenSlices({ trigger });
    await party.executed('1', 'succeeded', RUN);
    expect(await decide(party)).toMatchObject({ action: 'end' });
    expect(await party.ledger.runs.require(RUN)).toMatchObject({
      state: 'held',
      answer: { text: expect.stringContaining(`task 2_task_2 is still running, in run ${OTHER_RUN}`) },
    });
  });

  it('is waited for by a deploy, to its deadline', async () => {
    const party = await partyBetweenSlices({});
    await party.executed('1', 'succeeded', RUN);
    expect(await decide(party)).toMatchObject({ action: 'wait', seconds: 10 });
    party.now = 1_795;
    expect(await decide(party)).toMatchObject({ action: 'wait', seconds: 5 });
    party.now = 1_801;
    await decide(party);
    expect(await party.ledger.runs.require(RUN)).toMatchObject({
      state: 'failed',
      answer: { text: expect.stringContaining('could not be started within the deployTimeout') },
    });
  });

  it('is gone on with by the run itself, by whoever comes once that run is gone, and where it was stopped', async () => {
    const own = await partyBetweenSlices({ trigger: 'invoke' });
    expect(await decide(own, OTHER_RUN)).toMatchObject({ action: 'run', work: { versions: ['2'] } });
    const gone = await partyBetweenSlices({ trigger: 'invoke' }, { isRunning: false });
    expect(await decide(gone)).toMatchObject({ action: 'run', work: { versions: ['1', '2', '3'] } });
    const stopped = await partyBetweenSlices({ trigger: 'invoke' }, { reason: 'limit of 5 items reached' });
    expect(await decide(stopped)).toMatchObject({ action: 'run', work: { versions: ['1', '2', '3'] } });
  });

  it('is gone on with by one run alone, whichever of two begins it', async () => {
    for (const first of [OTHER_RUN, THIRD]) {
      const party = await partyBetweenSlices({
        runId: THIRD,
        trigger: 'invoke',
        selection: [selectedTask('2')],
      });
      // Both have decided before either has claimed it.
      const claim = await party.ledger.tasks.claim({
        ...{ task: selectedTask('2'), runId: first, asked: true, by: 'ann', deployId: 'd1', checksum: 'c1' },
        ...{ token: `token of ${first}`, now: at(20), leaseUntil: at(200) },
      });
      if (!claim.claimed) throw new Error('refused');
      const second = first === THIRD ? OTHER_RUN : THIRD;
      await decide(party, second);
      expect((await party.ledger.runs.require(second)).state).toBe('held');
      await party.ledger.tasks.finish(claim.claim, { state: 'interrupted', cursor: 9 }, at(30));
      expect(await decide(party, first)).toMatchObject({ action: 'run', work: { versions: ['2'] } });
    }
  });
});
