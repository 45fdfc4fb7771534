import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunStatus } from '../../../functions/controller/requests.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, deployed, manifestOf, newRunId, OTHER_RUN, TestParty } from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const partyOf = (...tasks: ManifestTask[]) => new TestParty(table, manifestOf(...tasks));
const invoke = (names: string[], fields: object = {}) => ({
  request: 'invoke',
  runId: newRunId(),
  names,
  by: ARN,
  ...fields,
});

describe('invoke', () => {
  it('starts a run of what was named, in version order, that stops at the first failure', async () => {
    const party = partyOf(deployed('1', { onFailure: 'continue' }), deployed('2'), deployed('3'));
    const request = invoke(['2', 'task_1']);
    const run = await party.ask<RunStatus>(request);
    expect(run).toMatchObject({ state: 'running', trigger: 'invoke', by: ARN, outcome: null });
    expect(run.tasks.map(({ version }) => version)).toEqual(['1', '2']);
    expect(party.started).toEqual([request.runId]);
    expect((await party.ledger.runs.require(request.runId)).selection).toMatchObject([
      { version: '1', onFailure: 'fail-deploy' },
      { version: '2', onFailure: 'fail-deploy' },
    ]);
  });

  it('that is sent twice comes to one run', async () => {
    const party = partyOf(deployed('1'), deployed('2'));
    const request = invoke(['1']);
    await party.ask(request);
    await party.ask({ ...request, names: ['2'] });
    const run = await party.ledger.runs.require(request.runId);
    expect(run.selection?.map(({ version }) => version)).toEqual(['1']);
    expect(new Set(party.started)).toEqual(new Set([request.runId]));
  });

  it('keeps the params, and which of them are secret', async () => {
    const party = partyOf(deployed('1', { takesParams: true, secretParams: ['token'] }));
    const request = invoke(['1'], { params: { tenant: 'acme', token: 's3cr3t' } });
    const run = await party.ask<RunStatus>(request);
    expect(JSON.stringify(run)).not.toContain('s3cr3t');
    expect(await party.ledger.runs.require(request.runId)).toMatchObject({
      params: { tenant: 'acme', token: 's3cr3t' },
      secretParams: ['token'],
    });
  });

  it('leaves out what has succeeded, if asked to', async () => {
    const party = partyOf(deployed('1'), deployed('2'));
    await party.executed('1', 'succeeded');
    const run = await party.ask<RunStatus>(invoke(['1', '2'], { ifNotSucceeded: true }));
    expect(run.tasks.map(({ version }) => version)).toEqual(['2']);
  });

  it.each([
    ['never ran', deployed('1'), undefined],
    ['failed', deployed('1'), 'failed'],
    ['is by hand', deployed('1', { when: 'manual' }), undefined],
    ['is by hand and has succeeded', deployed('1', { when: 'manual' }), 'succeeded'],
    ['is of every deploy', deployed('1', { when: 'every-deploy' }), 'succeeded'],
  ] as const)('needs no second word for a task that %s', async (_, task, state) => {
    const party = partyOf(task);
    if (state !== undefined) await party.executed('1', state);
    await expect(party.ask(invoke(['1']))).resolves.toMatchObject({ state: 'running' });
  });

  it('takes over a task that broke off', async () => {
    const party = partyOf(deployed('1'));
    await party.claim('1', OTHER_RUN, at(60));
    await expect(party.ask(invoke(['1']))).resolves.toMatchObject({ state: 'running' });
  });
});

describe('invoke is refused, and starts nothing,', () => {
  async function refused(party: TestParty, request: Record<string, unknown>) {
    const before = party.started.length;
    const refusal = await party.refusal(request);
    expect(party.started).toHaveLength(before);
    expect(await party.ledger.runs.open()).toEqual([]);
    return refusal;
  }

  it('for a name that nobody knows beside a good one', async () => {
    expect(await refused(partyOf(deployed('1')), invoke(['1', 'nonsense']))).toMatchObject({
      code: 'unknown-task',
    });
  });

  it('for a task that was never deployed', async () => {
    const local = [{ version: '2', name: 'drop_old_name' }];
    expect(await refused(partyOf(deployed('1')), invoke(['1', '2'], { local }))).toMatchObject({
      code: 'not-deployed',
      message: expect.stringContaining(
        'task 2_drop_old_name is not in what is deployed: it was never deployed',
      ),
      resolution: 'deploy it first: npx cdk deploy',
    });
  });

  it('for a task whose file is gone', async () => {
    const party = partyOf();
    await party.executed('1', 'failed');
    expect(await refused(party, invoke(['1']))).toMatchObject({
      code: 'not-deployed',
      message: expect.stringContaining('its file was removed, or rolled back with its deploy'),
    });
  });

  it('while another run executes it', async () => {
    const party = partyOf(deployed('1'), deployed('2'));
    await party.claim('2', OTHER_RUN, at(200));
    expect(await refused(party, invoke(['1', '2'], { confirmed: true }))).toMatchObject({
      code: 'held',
      message: `task 2_task_2 is being executed by run ${OTHER_RUN} since ${at(0)}`,
      resolution: `wait until it has ended, or: npx after-party cancel ${OTHER_RUN}`,
    });
  });

  it.each(['succeeded', 'in-doubt'] as const)('for what is %s, until it is confirmed', async (state) => {
    const party = partyOf(deployed('1'));
    await party.executed('1', state);
    expect(await refused(party, invoke(['1']))).toMatchObject({
      code: 'confirm',
      message: `run again what has an outcome? 1_task_1 is ${state}`,
      resolution: 'say so with --yes',
    });
    await expect(party.ask(invoke(['1'], { confirmed: true }))).resolves.toMatchObject({ state: 'running' });
  });

  it('with params for a task that takes none', async () => {
    const party = partyOf(deployed('1', { takesParams: true }), deployed('2'));
    expect(await refused(party, invoke(['1', '2'], { params: {} }))).toMatchObject({
      code: 'bad-params',
      message: '2_task_2 takes no params',
    });
  });

  it('with more params than the ledger has room for', async () => {
    const party = partyOf(deployed('1', { takesParams: true }));
    expect(await refused(party, invoke(['1'], { params: { text: 'ä'.repeat(17_000) } }))).toMatchObject({
      code: 'bad-params',
      message: expect.stringContaining('at most 32768 fit'),
    });
  });

  it('for a damaged record', async () => {
    const party = partyOf(deployed('1'));
    await party.ledger.edit('task#1', { attempt: 'many' });
    expect(await refused(party, invoke(['1']))).toMatchObject({ code: 'damaged-record' });
  });
});

describe('run', () => {
  it('starts what is pending', async () => {
    const party = partyOf(deployed('2'), deployed('1'), deployed('3', { when: 'manual' }));
    await party.executed('1', 'succeeded');
    const run = await party.ask<RunStatus>({ request: 'run', runId: newRunId(), by: ARN });
    expect(run).toMatchObject({ trigger: 'run', tasks: [{ version: '2' }] });
    expect(party.started).toHaveLength(1);
  });

  it('is refused while another run executes one of them', async () => {
    const party = partyOf(deployed('1'));
    await party.claim('1', OTHER_RUN, at(200));
    expect(await party.refusal({ request: 'run', runId: newRunId(), by: ARN })).toMatchObject({
      code: 'held',
    });
  });
});
