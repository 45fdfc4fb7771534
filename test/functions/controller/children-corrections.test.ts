import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Corrections, RunStatus } from '../../../functions/controller/requests.ts';
import { Ledger, LedgerTable, type TaskOutcome, type Written } from '../../../functions/ledger/index.ts';
import { TestTable } from '../ledger/open-ledger.ts';
import { ARN, newRunId } from './party.ts';
import { type Fault, FaultyTable, SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const KEYS = ['acme', 'globex', 'initech'];
const FAILED: TaskOutcome = { state: 'failed', reason: 'HTTP 503' };
const FAULTS: readonly Fault[] = ['before', 'after', 'twice'];

/** A party whose task came to its end, with these keys of it failed. */
async function partyAfter(failing: readonly string[]): Promise<SplittingParty> {
  const party = await SplittingParty.running(table);
  party.outcomes = (key) => (failing.includes(key) ? FAILED : { state: 'succeeded' });
  await party.carryOut(KEYS);
  party.outcomes = () => ({ state: 'succeeded' });
  return party;
}

const correction = (request: 'mark-done' | 'reset', key: string) => ({
  ...{ request, names: ['1'], by: ARN, reason: 'by hand', keys: [key] },
});

describe.each(FAULTS)('a correction of a key of which a write goes wrong (%s)', (how) => {
  it.each([
    ['mark-done', ['globex'], 'succeeded'],
    ['reset', [], 'interrupted'],
  ] as const)('%s is made whole by asking again', async (request, failing, state) => {
    const sites = new Set<string>();
    for (let place = 1; ; place++) {
      const party = await partyAfter(failing);
      const faulty = new FaultyTable(table, party.ledger.id, { at: place, how });
      const broken = new SplittingParty(table, {}, new Ledger(faulty));
      broken.now = party.now;
      const asked = correction(request, 'globex');
      await broken.ask<Corrections>(asked).catch(() => party.ask<Corrections>(asked));

      const site = faulty.sites[place - 1];
      const where = `${how} write ${place}, ${site}`;
      expect((await party.ledger.record('1')).state, where).toBe(state);
      const child = request === 'reset' ? 'pending' : 'succeeded';
      expect((await party.child(2)).state, where).toBe(child);
      if (site === undefined) break;
      sites.add(site);
    }
    expect([...sites]).toEqual(['child.correct', 'task.correct']);
  });

  it('broken off behind the key, leaves a task that the next run settles', async () => {
    const party = await partyAfter(['globex']);
    const faulty = new FaultyTable(table, party.ledger.id, { at: 2, how: 'before' });
    const broken = new SplittingParty(table, {}, new Ledger(faulty));
    broken.now = party.now;
    await expect(broken.ask(correction('mark-done', 'globex'))).rejects.toThrow('died before task.correct');
    expect((await party.ledger.record('1')).state).toBe('failed');

    const invoke = { request: 'invoke', runId: newRunId(), names: ['1'], by: ARN };
    await party.ask<RunStatus>(invoke);
    await party.carryOut(KEYS, invoke.runId);

    expect((await party.ledger.record('1')).state).toBe('succeeded');
    expect(party.executions.get('globex')).toBe(1);
  });
});

describe('a correction of a key that races', () => {
  it('with one of another key, comes to what both come to, again and again', async () => {
    for (let round = 0; round < 15; round++) {
      const party = await partyAfter(['acme', 'globex']);
      await Promise.all(['acme', 'globex'].map((key) => party.ask(correction('mark-done', key))));
      expect((await party.ledger.record('1')).state, `round ${round}`).toBe('succeeded');
    }
  });

  it('with a reset of another key, leaves the task due, again and again', async () => {
    for (let round = 0; round < 15; round++) {
      const party = await partyAfter(['acme']);
      await Promise.all([
        party.ask(correction('mark-done', 'acme')),
        party.ask(correction('reset', 'initech')),
      ]);
      const task = await party.ledger.record('1');
      expect([task.state, task.succeededAt], `round ${round}`).toEqual(['interrupted', undefined]);
    }
  });

  it('with a run that executes the key, ends in order whoever comes first, again and again', async () => {
    for (let round = 0; round < 15; round++) {
      const party = await partyAfter(['globex']);
      const invoke = { request: 'invoke', runId: newRunId(), names: ['1'], by: ARN, keys: ['globex'] };
      await party.ask<RunStatus>(invoke);
      const marked = party.ask(correction('mark-done', 'globex')).then(
        () => 'marked',
        (error: Error) => error.message,
      );
      await party.carryOut(KEYS, invoke.runId);
      expect(await marked, `round ${round}`).toMatch(/^marked$|^held: /);
      expect((await party.ledger.record('1')).state, `round ${round}`).toBe('succeeded');
      expect((await party.child(2)).state, `round ${round}`).toBe('succeeded');
    }
  });

  it('with one that changes the task just before, judges it anew', async () => {
    const party = await partyAfter(['acme']);
    const late = new SplittingParty(
      table,
      {},
      new Ledger(
        new OvertakenTable(party.ledger.id, () => party.ask<Corrections>(correction('reset', 'initech'))),
      ),
    );
    late.now = party.now;
    const { tasks } = await late.ask<Corrections>(correction('mark-done', 'acme'));
    expect(tasks).toMatchObject([{ state: 'interrupted', split: { succeeded: 2, left: 1 } }]);
  });
});

/** A ledger in which something else happens just before the first correction of the task itself. */
class OvertakenTable extends LedgerTable {
  #happens: (() => Promise<unknown>) | undefined;

  constructor(ledgerId: string, happens: () => Promise<unknown>) {
    super(table.client, 'ledger', ledgerId);
    this.#happens = happens;
  }

  override async write(...[site, command]: Parameters<LedgerTable['write']>): Promise<Written> {
    const happens = site === 'task.correct' ? this.#happens : undefined;
    if (happens !== undefined) this.#happens = undefined;
    await happens?.();
    return super.write(site, command);
  }
}
