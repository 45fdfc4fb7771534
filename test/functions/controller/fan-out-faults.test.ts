import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ledger, type TaskOutcome } from '../../../functions/ledger/index.ts';
import { TestTable } from '../ledger/open-ledger.ts';
import { OTHER_RUN, RUN } from './party.ts';
import { type Fault, FaultyTable, SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const KEYS = ['acme', 'globex'];
const FAILED: TaskOutcome = { state: 'failed', reason: 'HTTP 503' };
const FAULTS: readonly Fault[] = ['before', 'after', 'twice'];

/** Has a run carried out again and again, a later one of its writes going wrong each time. */
async function atEachWrite(
  how: Fault,
  prepare: () => Promise<{ party: SplittingParty; runId: string }>,
  judge: (party: SplittingParty, place: string) => Promise<void>,
): Promise<Set<string>> {
  const sites = new Set<string>();
  for (let at = 1; ; at++) {
    const { party, runId } = await prepare();
    const faulty = new FaultyTable(table, party.ledger.id, { at, how });
    await party.carryOut(KEYS, runId, new Ledger(faulty));
    const site = faulty.sites[at - 1];
    await judge(party, `${how} write ${at}, ${site}`);
    if (site === undefined) return sites;
    sites.add(site);
  }
}

describe.each(FAULTS)('a fan-out of which a write goes wrong (%s)', (how) => {
  it('is brought to its end, each child executed once where nothing died with it', async () => {
    const sites = await atEachWrite(
      how,
      async () => ({ party: await SplittingParty.running(table), runId: RUN }),
      async (party, place) => {
        for (const key of KEYS) expect(party.executions.get(key) ?? 0, place).toBeLessThanOrEqual(1);
        const first = await party.run();
        if (first.state !== 'succeeded') {
          // A death in an invocation is a failure like any other, for the next deploy to mend.
          expect([first.state, how === 'twice'], place).toEqual(['failed', false]);
          await party.accept({ runId: OTHER_RUN });
          await party.carryOut(KEYS, OTHER_RUN);
          expect((await party.run(OTHER_RUN)).state, place).toBe('succeeded');
        }
        const record = await party.ledger.record('1');
        expect(record.state, place).toBe('succeeded');
        expect(
          record.history.filter(({ state }) => state === 'succeeded'),
          place,
        ).toHaveLength(1);
        for (const number of [1, 2]) expect((await party.child(number)).state, place).toBe('succeeded');
      },
    );
    const expected = [
      'task.claim',
      'child.plan',
      'task.fan-out',
      'child.claim',
      'child.finish',
      'task.settle',
    ];
    expect([...sites]).toEqual([...expected, 'run.settle']);
  });

  it('of the children that an earlier run has left repeats none that succeeded', async () => {
    const sites = await atEachWrite(
      how,
      async () => {
        const party = await SplittingParty.split(table, KEYS);
        party.outcomes = (key) => (key === 'globex' ? FAILED : { state: 'succeeded' });
        await party.carryOut(KEYS);
        expect(await party.ledger.record('1')).toMatchObject({
          state: 'failed',
          reason: '1 of 2 failed: key "globex": HTTP 503',
        });
        await party.accept({ runId: OTHER_RUN });
        party.outcomes = () => ({ state: 'succeeded' });
        return { party, runId: OTHER_RUN };
      },
      async (party, place) => {
        expect(party.executions.get('acme'), place).toBe(1);
        const record = await party.ledger.record('1');
        const child = await party.child(2);
        expect(record.state, place).toBe(child.state);
        if (how === 'twice') expect(record.state, place).toBe('succeeded');
      },
    );
    expect([...sites]).toEqual(['task.reopen', 'child.claim', 'child.finish', 'task.settle', 'run.settle']);
  });
});
