import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Corrections } from '../../../functions/controller/requests.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, deployed, manifestOf, OTHER_RUN, RUN, TestParty } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const partyOf = (...versions: string[]) =>
  new TestParty(table, manifestOf(...versions.map((version) => deployed(version))));
const audit = { by: ARN, reason: 'done by hand' };
const kinds = ['skip', 'mark-done', 'reset'] as const;
const STATES = { skip: 'skipped', 'mark-done': 'succeeded', reset: 'pending' } as const;

describe.each(kinds)('%s', (request) => {
  it('is recorded with who and why', async () => {
    const party = partyOf('1');
    const { tasks } = await party.ask<Corrections>({ request, names: ['1'], ...audit });
    expect(tasks).toMatchObject([{ version: '1', state: STATES[request], reason: 'done by hand' }]);
    expect((await party.ledger.record('1')).history.at(-1)).toMatchObject({ at: at(100), ...audit });
  });

  it('is of all named tasks or, where one name is wrong, of none', async () => {
    const party = partyOf('1', '2');
    const refusal = await party.refusal({ request, names: ['1', 'nonsense', '2'], ...audit });
    expect(refusal).toMatchObject({ code: 'unknown-task' });
    expect(await party.ledger.tasks.all()).toEqual(new Map());
  });

  it('is of none where one is being executed', async () => {
    const party = partyOf('1', '2');
    await party.claim('2', OTHER_RUN, at(200));
    const refusal = await party.refusal({ request, names: ['1', '2'], ...audit });
    expect(refusal).toMatchObject({
      code: 'held',
      message: `task 2_task_2 is being executed by run ${OTHER_RUN}; nothing was changed`,
    });
    expect(await party.ledger.tasks.get('1')).toBeUndefined();
  });

  it('takes a task that broke off', async () => {
    const party = partyOf('1');
    await party.claim('1', OTHER_RUN, at(60));
    const { tasks } = await party.ask<Corrections>({ request, names: ['1'], ...audit });
    expect(tasks).toMatchObject([{ state: STATES[request] }]);
  });

  it('takes a task before its first deploy', async () => {
    const party = partyOf();
    const local = [{ version: '20261121080000', name: 'drop_old_name' }];
    const { tasks } = await party.ask<Corrections>({ request, names: ['drop_old_name'], local, ...audit });
    expect(tasks).toMatchObject([{ name: 'drop_old_name', state: STATES[request], notes: ['no-file'] }]);
  });
});

describe('a damaged record', () => {
  it.each(['skip', 'mark-done'])('is refused by %s', async (request) => {
    const party = partyOf('1', '2');
    await party.ledger.edit('task#1', { attempt: 'many' });
    const refusal = await party.refusal({ request, names: ['2', '1'], ...audit });
    expect(refusal).toMatchObject({ code: 'damaged-record', message: expect.stringContaining('task#1') });
    expect(await party.ledger.tasks.get('2')).toBeUndefined();
  });

  it('is mended by reset', async () => {
    const party = partyOf('1');
    await party.ledger.edit('task#1', { attempt: 'many' });
    const { tasks } = await party.ask<Corrections>({ request: 'reset', names: ['1'], ...audit });
    expect(tasks).toMatchObject([{ state: 'pending', attempt: 0 }]);
  });
});

describe('a task that a new environment baselined', () => {
  it('is pending again after reset', async () => {
    const party = partyOf('007');
    const begin = { runId: RUN, deployId: 'd1', newEnvironment: true, baseline: ['007'], now: at(0) };
    await party.ledger.party.beginDeploy(begin);
    const { tasks } = await party.ask<Corrections>({ request: 'reset', names: ['7'], ...audit });
    expect(tasks).toMatchObject([{ version: '007', state: 'pending', notes: [] }]);
    expect((await party.ledger.party.get())?.baselined).toBeUndefined();
  });
});
