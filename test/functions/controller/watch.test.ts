import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answers } from '../../../functions/controller/requests.ts';
import { accepted, at, TestTable } from '../ledger/open-ledger.ts';
import { deployed, manifestOf, OTHER_RUN, RUN, selectedTask, TestParty } from './party.ts';

const THIRD_RUN = 'c'.repeat(32);

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const partyOf = () => new TestParty(table, manifestOf(deployed('1')));
const watch = async (party: TestParty, fields: object = {}) =>
  (await party.ask<Answers['watch']>({ request: 'watch', ...fields })).run;

describe('watch', () => {
  it('answers with the newest run that is under way, a deploy that has not begun too', async () => {
    const party = partyOf();
    expect(await watch(party)).toBeNull();

    const selection = [selectedTask('1')];
    await party.ledger.runs.accept(accepted({ runId: OTHER_RUN, startedAt: at(20) }));
    await party.ledger.runs.accept(accepted({ runId: THIRD_RUN, startedAt: at(10) }));
    expect(await watch(party)).toMatchObject({ runId: OTHER_RUN, state: 'accepted', tasks: [] });

    await party.ledger.runs.accept(accepted({ runId: RUN, startedAt: at(30), state: 'running', selection }));
    expect(await watch(party)).toMatchObject({ runId: RUN, state: 'running', tasks: [{ version: '1' }] });
  });

  it('leaves out runs that are over, unless one is asked for', async () => {
    const party = partyOf();
    const record = accepted({ runId: RUN, state: 'running', selection: [] });
    await party.ledger.runs.accept(record);
    const counts = { succeeded: 0, failed: 0, notStarted: 0 };
    const outcome = {
      state: 'failed',
      status: 'FAILED',
      text: 'out of luck',
      retentionDays: 1,
      counts,
    } as const;
    await party.ledger.runs.settle(record, outcome, at(40));

    expect(await watch(party)).toBeNull();
    expect(await watch(party, { runId: RUN })).toMatchObject({ state: 'failed', outcome: 'out of luck' });
    expect(await party.refusal({ request: 'watch', runId: OTHER_RUN })).toMatchObject({
      code: 'unknown-run',
    });
  });

  it('passes over a run whose item is damaged, and logs that it is', async () => {
    const party = partyOf();
    await party.ledger.runs.accept(accepted({ runId: RUN, startedAt: at(10) }));
    await party.ledger.runs.accept(accepted({ runId: OTHER_RUN, startedAt: 'yesterday' }));

    expect(await watch(party)).toMatchObject({ runId: RUN });
    expect(party.logged).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining(OTHER_RUN) }),
    );
  });

  it('is answered on the alias for status', async () => {
    expect(await partyOf().send({ v: 1, request: 'watch' }, 'status')).toEqual({ v: 1, ok: { run: null } });
  });
});
