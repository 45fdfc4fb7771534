import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Baseline, PartyStatus, RunStatus } from '../../../functions/controller/requests.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, deployed, manifestOf, newRunId, OTHER_RUN, RUN, TestParty } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const partyOf = (...tasks: ManifestTask[]) => new TestParty(table, manifestOf(...tasks));
const baseline = (fields: object) => ({ request: 'baseline', by: ARN, reason: 'from Heroku', ...fields });
const versions = (tasks: readonly { version: string }[]) => tasks.map(({ version }) => version);

describe('a baseline', () => {
  it('records every task up to one, with who and why, and says what is still to run', async () => {
    const party = partyOf(deployed('007'), deployed('8'), deployed('9'));

    const done = await party.ask<Baseline>(baseline({ until: 'task_8' }));

    expect(done).toEqual({
      tasks: [
        { version: '007', name: 'task_007', state: 'baselined', was: 'pending' },
        { version: '8', name: 'task_8', state: 'baselined', was: 'pending' },
      ],
      left: [],
      pending: [{ version: '9', name: 'task_9', state: 'pending' }],
    });
    expect(await party.ledger.record('7')).toMatchObject({
      version: '007',
      state: 'baselined',
      summary: `baselined at 2026-11-20 09:16 UTC by ${ARN}: from Heroku`,
      history: [{ attempt: 0, state: 'baselined', at: at(100), by: ARN, reason: 'from Heroku' }],
    });
    const { tasks } = await party.ask<PartyStatus>({ request: 'status' });
    expect(tasks.map(({ state }) => state)).toEqual(['baselined', 'baselined', 'pending']);
  });

  it('leaves out what deploys never run once: manual, of every deploy, of other environments', async () => {
    const party = partyOf(
      deployed('1', { when: 'manual' }),
      deployed('2', { when: 'every-deploy' }),
      deployed('3', { environments: ['staging'] }),
      deployed('4'),
    );

    expect(versions((await party.ask<Baseline>(baseline({ until: '4' }))).tasks)).toEqual(['4']);
  });

  it('takes what is not deployed yet', async () => {
    const party = partyOf();
    const local = [
      { version: '1', name: 'ported' },
      { version: '2', name: 'new_one' },
    ];

    const done = await party.ask<Baseline>(baseline({ versions: ['0001'], local }));

    expect(done).toMatchObject({ tasks: [{ version: '1', name: 'ported' }], pending: [{ version: '2' }] });
  });

  it('can be repeated: what has an outcome keeps it', async () => {
    const party = partyOf(deployed('1'), deployed('2'), deployed('3'), deployed('4'));
    await party.executed('1', 'succeeded');
    await party.executed('2', 'failed');
    await party.ask({ request: 'skip', names: ['3'], by: ARN, reason: 'not wanted' });

    const first = await party.ask<Baseline>(baseline({ until: '4' }));
    const before = await party.ledger.tasks.all();
    const again = await party.ask<Baseline>(baseline({ until: '4' }));

    expect(first).toMatchObject({
      tasks: [
        { version: '2', was: 'failed' },
        { version: '4', was: 'pending' },
      ],
      left: [
        { version: '1', state: 'succeeded' },
        { version: '3', state: 'skipped' },
      ],
    });
    expect(again).toMatchObject({ tasks: [], pending: [] });
    expect(versions(again.left)).toEqual(['1', '2', '3', '4']);
    expect(await party.ledger.tasks.all()).toEqual(before);
  });

  it('is refused whole where versions are of no task, each of which is named', async () => {
    const party = partyOf(deployed('1'));

    const refusal = await party.refusal(baseline({ versions: ['1', '0077', '78'] }));

    expect(refusal).toMatchObject({
      code: 'unknown-versions',
      message: expect.stringMatching(/^2 of 3 versions are of no task .*: 0077, 78; nothing was changed$/),
      resolution: expect.stringContaining('--allow-unknown'),
    });
    expect((await party.refusal(baseline({ versions: ['1', '78'] }))).message).toMatch(
      /^1 of 2 versions is of no/,
    );
    expect(await party.ledger.tasks.all()).toEqual(new Map());
  });

  it('records versions of no task where that is meant, and a file that comes later is not run', async () => {
    const party = partyOf(deployed('1'));
    const done = await party.ask<Baseline>(baseline({ versions: ['1', '0077'], allowUnknown: true }));
    expect(done).toMatchObject({ tasks: [{ version: '1' }, { version: '0077', name: '' }] });

    const later = new TestParty(table, manifestOf(deployed('1'), deployed('77', { name: 'came_late' })), {
      ledger: party.ledger,
    });

    const run = await later.ask<RunStatus>({ request: 'run', runId: newRunId(), by: ARN });
    expect(run.tasks).toEqual([]);
    const { tasks } = await later.ask<PartyStatus>({ request: 'status' });
    expect(tasks).toMatchObject([{}, { version: '77', name: 'came_late', state: 'baselined' }]);
  });

  it('is refused whole while one of the tasks is being executed', async () => {
    const party = partyOf(deployed('1'), deployed('2'));
    await party.claim('2', OTHER_RUN, at(200));

    expect(await party.refusal(baseline({ until: '2' }))).toMatchObject({ code: 'held' });
    expect(await party.ledger.tasks.get('1')).toBeUndefined();
  });

  it('takes what broke off', async () => {
    const party = partyOf(deployed('1'));
    await party.claim('1', OTHER_RUN, at(60));

    expect(await party.ask<Baseline>(baseline({ until: '1' }))).toMatchObject({ tasks: [{ was: 'stale' }] });
  });

  it('is refused whole where a record is damaged', async () => {
    const party = partyOf(deployed('1'), deployed('2'));
    await party.ledger.edit('task#2', { attempt: 'many' });

    expect(await party.refusal(baseline({ versions: ['1', '2'] }))).toMatchObject({ code: 'damaged-record' });
    expect(await party.ledger.tasks.get('1')).toBeUndefined();
  });

  it('leaves what a new environment has baselined, and knows its versions', async () => {
    const party = partyOf();
    const begin = { runId: RUN, deployId: 'd1', newEnvironment: true, baseline: ['7'], now: at(0) };
    await party.ledger.party.beginDeploy(begin);

    expect(await party.ask<Baseline>(baseline({ versions: ['7'] }))).toMatchObject({
      tasks: [],
      left: [{ version: '7', state: 'baselined' }],
    });
  });

  it('is taken back by a reset', async () => {
    const party = partyOf(deployed('1'));
    await party.ask(baseline({ until: '1' }));
    await party.ask({ request: 'reset', names: ['1'], by: ARN, reason: 'it has to run' });

    const run = await party.ask<RunStatus>({ request: 'run', runId: newRunId(), by: ARN });
    expect(versions(run.tasks)).toEqual(['1']);
  });

  it('counts as done for what comes after it', async () => {
    const party = partyOf(deployed('1', { name: 'first' }), deployed('2', { after: ['first'] }));
    await party.ask(baseline({ until: 'first' }));

    const { tasks } = await party.ask<PartyStatus>({ request: 'status' });
    expect(tasks).toMatchObject([{ state: 'baselined' }, { state: 'pending', notes: [] }]);
  });

  it.each([
    [{}, 'bad-request'],
    [{ until: '1', versions: ['1'] }, 'bad-request'],
    [{ until: 'task_9' }, 'unknown-task'],
    [{ versions: [] }, 'bad-request'],
    [{ versions: ['x'] }, 'bad-request'],
    [{ until: '1', reason: ' ' }, 'bad-request'],
  ])('is refused: %j', async (fields, code) => {
    expect(await partyOf(deployed('1')).refusal(baseline(fields))).toMatchObject({ code });
  });

  it('of many tasks is written beside one another, and a rival changes nothing of the rest', async () => {
    const many = Array.from({ length: 100 }, (_, index) => deployed(String(index + 1)));
    const party = partyOf(...many);

    const [one, other] = await Promise.all([
      party.ask<Baseline>(baseline({ until: '100' })),
      party.ask<Baseline>(baseline({ until: '100' })).catch(() => undefined),
    ]);

    expect(one.tasks.length).toBeLessThanOrEqual(100);
    const records = [...(await party.ledger.tasks.all()).values()];
    expect(records).toHaveLength(100);
    for (const record of records) expect(record).toMatchObject({ state: 'baselined', attempt: 0 });
    expect(other?.pending ?? []).toEqual([]);
  });
});

describe('what every deploy runs', () => {
  it('is run whatever was baselined before it was so', async () => {
    const party = partyOf();
    await party.ask(baseline({ versions: ['1'], local: [{ version: '1', name: 'announce' }] }));
    const later = new TestParty(
      table,
      manifestOf(deployed('1', { name: 'announce', when: 'every-deploy' })),
      { ledger: party.ledger },
    );

    const task = { version: '1', name: 'announce', when: 'every-deploy' as const };
    const { tasks } = await later.ask<PartyStatus>({ request: 'status' });
    expect(tasks).toMatchObject([{ state: 'every-deploy' }]);
    expect(await party.claim(task.version, RUN).catch((error: Error) => error.message)).toContain('refused');
    const claimed = await party.ledger.tasks.claim({
      task: { ...task, delivery: 'at-least-once', onFailure: 'fail-deploy' },
      ...{ runId: RUN, asked: false, by: 'CloudFormation', deployId: 'd1', checksum: 'c1' },
      ...{ token: 'mine', now: at(101), leaseUntil: at(160) },
    });
    expect(claimed.claimed).toBe(true);
  });
});
