import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestTable } from '../ledger/open-ledger.ts';
import {
  BACKFILL_RUN,
  CommittingParty,
  deleted,
  END,
  interrupted,
  MAIL_RUN,
  stackIn,
} from './committing-party.ts';
import { ARN, OTHER_RUN, RUN, TestParty } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

describe('while a deploy waits for its commit', () => {
  it.each([
    ['a rollback', 'UPDATE_ROLLBACK_IN_PROGRESS', 'rollback'],
    ['a person', 'UPDATE_IN_PROGRESS', 'person'],
  ] as const)('%s keeps it from starting anything', async (_, rootStatus, cause) => {
    const party = await CommittingParty.waiting(table);
    if (cause === 'person') await party.ask({ request: 'cancel', runId: RUN, by: ARN });
    else {
      await party.accept(OTHER_RUN);
      party.stack = stackIn(rootStatus);
      await party.decide(OTHER_RUN);
    }
    expect((await party.run()).request).toMatchObject({ cause });
    party.stack = stackIn('UPDATE_COMPLETE');
    expect(await party.decide()).toMatchObject(END);
    expect(party.started).toEqual([]);
    expect((await party.run()).commit).toBe('given-up');
  });

  it('a later rollback leaves alone what it has started', async () => {
    const party = await CommittingParty.waiting(table);
    party.stack = stackIn('UPDATE_COMPLETE');
    await party.decide();
    await party.accept(OTHER_RUN);
    party.stack = stackIn('UPDATE_ROLLBACK_IN_PROGRESS');
    await party.decide(OTHER_RUN);
    expect((await party.run(BACKFILL_RUN)).request).toBeUndefined();
    expect((await party.run(MAIL_RUN)).request).toBeUndefined();
  });

  it('a Delete cancels the run and what it has started', async () => {
    const party = await CommittingParty.waiting(table);
    party.stack = stackIn('UPDATE_COMPLETE');
    await party.decide();
    await deleted(table, party);
    expect((await party.run(MAIL_RUN)).request).toMatchObject({ cause: 'delete' });
    expect(await party.decide(MAIL_RUN)).toMatchObject(END);
    expect((await party.run(MAIL_RUN)).state).toBe('cancelled');
  });

  it('a Delete between the commit and any of its writes lets nothing go on', async () => {
    // One more write each time, until the whole start comes before the Delete.
    for (let before = 1; before < 9; before++) {
      const party = await CommittingParty.waiting(table);
      party.stack = stackIn('UPDATE_COMPLETE');
      let writes = 0;
      const ledger = interrupted(table, party, async () => {
        writes += 1;
        if (writes === before) await deleted(table, party);
      });
      const overtaken = new TestParty(table, party.ports.manifest, { ...party.ports, ledger });
      await overtaken.send({ v: 1, request: 'decide', state: { v: 1, runId: RUN } });
      if (writes < before) await deleted(table, party);
      for (const runId of party.started) {
        expect((await party.run(runId)).request, `${before} writes before the Delete`).toBeDefined();
        expect(await party.decide(runId)).toMatchObject(END);
      }
      for (const runId of [RUN, MAIL_RUN, BACKFILL_RUN]) {
        const run = await party.ledger.runs.get(runId);
        expect(run?.state, `${runId} with ${before} writes before the Delete`).not.toBe('running');
      }
    }
  });

  it('a Delete that has looked for runs before they were recorded looks again', async () => {
    const party = await CommittingParty.waiting(table);
    party.stack = stackIn('UPDATE_COMPLETE');
    let isStarted = false;
    const ledger = interrupted(table, party, async () => {
      if (isStarted) return;
      isStarted = true;
      await party.decide();
    });
    await deleted(table, party, ledger);
    for (const runId of [MAIL_RUN, BACKFILL_RUN]) {
      expect((await party.run(runId)).request).toMatchObject({ cause: 'delete' });
    }
  });
});

describe('starting background tasks', () => {
  it('comes to the same after a crash at any write and any start', async () => {
    let crashes = 0;
    for (let steps = 1; ; steps++) {
      const party = await CommittingParty.waiting(table);
      party.stack = stackIn('UPDATE_COMPLETE');
      let left = steps;
      const step = (): void => {
        left -= 1;
        if (left === 0) throw new Error('crashed');
      };
      const ledger = interrupted(table, party, async () => step());
      const { workflow } = party.ports;
      const dying = new TestParty(table, party.ports.manifest, {
        ...party.ports,
        ledger,
        workflow: { ...workflow, start: async (runId) => workflow.start(runId).finally(step) },
      });
      const state = { v: 1, runId: RUN };
      await dying.send({ v: 1, request: 'decide', state }).catch(() => {
        crashes += 1;
      });
      expect(await party.decide()).toMatchObject(END);
      expect(new Set(party.started)).toEqual(new Set([MAIL_RUN, BACKFILL_RUN]));
      expect((await party.run()).commit).toBe('started');
      if (left > 0) break;
    }
    // Two records of the commit, two runs recorded and two started.
    expect(crashes).toBe(6);
  });
});
