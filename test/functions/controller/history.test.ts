import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartyHistory } from '../../../functions/controller/party-history.ts';
import type { RunStatus } from '../../../functions/controller/requests.ts';
import { accepted, at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, deployed, manifestOf, newRunId, OTHER_RUN, RUN, TestParty } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const partyOf = (...versions: string[]) =>
  new TestParty(table, manifestOf(...versions.map((version) => deployed(version))));
const history = (party: TestParty, fields: object = {}) =>
  party.ask<PartyHistory>({ request: 'history', limit: 50, ...fields });

describe('the history', () => {
  it('tells attempts and corrections of all tasks, newest first, with the run that made them', async () => {
    const party = partyOf('1', '2');
    await party.ledger.runs.accept(accepted({ runId: RUN, deployId: 'd1', by: 'CloudFormation' }));
    await party.executed('1', 'failed', RUN);
    await party.executed('2', 'succeeded', OTHER_RUN);
    party.now = 20;
    await party.ask({ request: 'skip', names: ['1'], by: ARN, reason: 'by hand' });
    party.now = 30;
    await party.claim('2', RUN).catch(() => undefined);

    const { entries, more, damaged } = await history(party);

    expect(entries).toMatchObject([
      { version: '1', state: 'skipped', at: at(20), by: ARN, reason: 'by hand', runId: null },
      { version: '1', state: 'failed', attempt: 1, runId: RUN, trigger: 'deploy', deployId: 'd1', by: null },
      { version: '2', state: 'succeeded', durationMs: 10_000, runId: OTHER_RUN, trigger: null },
    ]);
    expect({ more, damaged }).toEqual({ more: 0, damaged: [] });
  });

  it('tells runs that came to no task, but not where a task is named', async () => {
    const party = partyOf('1');
    const run = await party.ask<RunStatus>({ request: 'run', runId: newRunId(), by: ARN });

    expect((await history(party)).entries).toMatchObject([
      { version: null, name: null, state: 'running', trigger: 'run', by: ARN, runId: run.runId },
    ]);
    expect((await history(party, { names: ['task_1'] })).entries).toEqual([]);
  });

  it('has what is under way', async () => {
    const party = partyOf('1');
    await party.claim('1', OTHER_RUN, at(200));

    expect((await history(party, { names: ['1'] })).entries).toMatchObject([
      { state: 'running', at: at(0), durationMs: null, runId: OTHER_RUN },
    ]);
  });

  it('is cut, and says by how much', async () => {
    const party = partyOf('1', '2', '3');
    for (const version of ['1', '2', '3']) await party.executed(version, 'succeeded');

    const { entries, more } = await history(party, { limit: 2 });

    expect(entries).toHaveLength(2);
    expect(more).toBe(1);
  });

  it('is not hidden by a damaged record, which it names', async () => {
    const party = partyOf('1', '2');
    await party.executed('1', 'succeeded');
    await party.ledger.edit('task#2', { attempt: 'many' });
    await party.ledger.edit(RUN, { trigger: 7 }, `${party.ledger.id}#runs`);

    const { entries, damaged } = await history(party);

    expect(entries).toHaveLength(1);
    expect(damaged).toEqual([expect.stringContaining(RUN), expect.stringContaining('task#2')]);
  });

  it('is of known tasks only, and a look', async () => {
    const party = partyOf('1');
    expect(await party.refusal({ request: 'history', limit: 5, names: ['nobody'] })).toMatchObject({
      code: 'unknown-task',
    });
    expect(await party.send({ v: 1, request: 'history', limit: 5 }, 'status')).toHaveProperty('ok');
  });
});

describe('run with tags', () => {
  const tagged = (version: string, ...tags: string[]) => deployed(version, { tags });

  it('runs what is pending and has one of them', async () => {
    const party = new TestParty(
      table,
      manifestOf(tagged('1', 'billing'), tagged('2'), tagged('3', 'search', 'billing'), tagged('4', 'mail')),
    );
    await party.executed('3', 'succeeded');

    const run = await party.ask<RunStatus>({
      ...{ request: 'run', runId: newRunId(), by: ARN, tags: ['billing', 'mail'] },
    });

    expect(run.tasks).toMatchObject([
      { version: '1', tags: ['billing'] },
      { version: '4', tags: ['mail'] },
    ]);
  });

  it('refuses a tag that no task has', async () => {
    const party = new TestParty(table, manifestOf(tagged('1', 'billing')));

    const refusal = await party.refusal({ request: 'run', runId: RUN, by: ARN, tags: ['biling'] });

    expect(refusal).toMatchObject({
      code: 'unknown-tag',
      message: 'no deployed task has the tag "biling" (did you mean "billing"?)',
      resolution: 'there are: billing',
    });
    expect(party.started).toEqual([]);
  });
});
