import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageVersion } from '../../../functions/controller/package-version.ts';
import type { PartyStatus, RunStatus } from '../../../functions/controller/requests.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import {
  ARN,
  deployed,
  manifestOf,
  newRunId,
  OTHER_RUN,
  RUN,
  runOf,
  selectedTask,
  TestParty,
} from './party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const partyOf = (...versions: string[]) =>
  new TestParty(table, manifestOf(...versions.map((version) => deployed(version))));

describe('a request of a wrong shape', () => {
  const correct = { names: ['1'], by: ARN, reason: 'done by hand' };
  it.each([
    ['nothing', null],
    ['a text', 'status'],
    ['a list', []],
    ['an empty object', {}],
    ['no version', { request: 'status' }],
    ['another version', { v: 2, request: 'status' }],
    ['an unknown request', { v: 1, request: 'drop' }],
    ['a run id that is none', { v: 1, request: 'show-run', runId: '../x' }],
    ['no names', { v: 1, request: 'show', names: [] }],
    ['an empty name', { v: 1, request: 'show', names: [''] }],
    ['a correction without a reason', { v: 1, request: 'skip', ...correct, reason: undefined }],
    ['a correction with an empty reason', { v: 1, request: 'skip', ...correct, reason: '  ' }],
    ['a correction by nobody', { v: 1, request: 'skip', ...correct, by: '' }],
    [
      'params that are no object',
      { v: 1, request: 'invoke', runId: RUN, names: ['1'], by: ARN, params: 'x' },
    ],
    ['a limit of nothing', { v: 1, request: 'invoke', runId: RUN, names: ['1'], by: ARN, limit: 0 }],
    ['a rate of nothing', { v: 1, request: 'rate', names: ['1'], by: ARN, itemsPerSecond: 0 }],
    ['a pause by nobody', { v: 1, request: 'pause', names: ['1'] }],
    ['a resume without a run', { v: 1, request: 'resume', names: ['1'], by: ARN }],
    ['a time that is none', { v: 1, request: 'logs', names: ['1'], since: 'yesterday' }],
    ['a page behind what is no version', { v: 1, request: 'status', after: 'x' }],
    ['half a CloudFormation event', { RequestType: 'Create' }],
  ])('is refused, and changes nothing: %s', async (_, event) => {
    const party = partyOf('1');
    expect(await party.send(event)).toMatchObject({
      v: 1,
      error: {
        code: 'bad-request',
        message: expect.stringMatching(/^the request was not understood: /),
        resolution: expect.stringContaining('use one version of after-party for both'),
      },
    });
    expect(await party.ledger.tasks.all()).toEqual(new Map());
    expect(party.started).toEqual([]);
  });

  it('of the workflow is an error of the function, which the workflow sees', async () => {
    await expect(partyOf().send({ v: 1, request: 'decide', state: { v: 1 } })).rejects.toThrow('state.runId');
  });
});

describe('the alias for status', () => {
  const reads = [
    { request: 'status' },
    { request: 'show', names: ['1'] },
    { request: 'show-run', runId: OTHER_RUN },
    { request: 'logs', names: ['1'] },
  ];
  const writes = [
    { request: 'invoke', runId: RUN, names: ['1'], by: ARN },
    { request: 'run', runId: RUN, by: ARN },
    { request: 'cancel', runId: OTHER_RUN, by: ARN },
    { request: 'cancel-task', names: ['1'], by: ARN },
    { request: 'pause', names: ['1'], by: ARN },
    { request: 'skip', names: ['1'], by: ARN, reason: 'no' },
    { request: 'mark-done', names: ['1'], by: ARN, reason: 'no' },
    { request: 'reset', names: ['1'], by: ARN, reason: 'no' },
  ];

  async function opened(): Promise<TestParty> {
    const party = partyOf('1');
    await party.ledger.runs.accept(runOf([selectedTask('1')], { runId: OTHER_RUN }));
    return party;
  }

  it.each(reads)('answers $request', async (request) => {
    const party = await opened();
    expect(await party.send({ v: 1, ...request }, 'status')).toHaveProperty('ok');
  });

  it.each(writes)('refuses $request, which the function itself takes', async (request) => {
    const party = await opened();
    expect(await party.send({ v: 1, ...request }, 'status')).toMatchObject({
      error: { code: 'read-only', resolution: 'ask for party.grantOperate(role)' },
    });
    expect(await party.ledger.tasks.all()).toEqual(new Map());
    expect((await party.ledger.runs.require(OTHER_RUN)).request).toBeUndefined();
    expect(party.started).toEqual([]);
    expect(await party.send({ v: 1, ...request })).toHaveProperty('ok');
  });

  it('takes neither a message of the workflow nor an event of CloudFormation', async () => {
    const party = await opened();
    const decide = { v: 1, request: 'decide', state: { v: 1, runId: OTHER_RUN } };
    const event = { RequestType: 'Create', ResponseURL: 'https://s3.amazonaws.com/secret', v: 1 };
    for (const message of [decide, event]) {
      const answer = await party.send(message, 'status');
      expect(answer).toMatchObject({ error: { code: 'bad-request' } });
      expect(JSON.stringify(answer)).not.toContain('secret');
    }
  });
});

describe('status', () => {
  it('says where it is from', async () => {
    const party = partyOf('2', '1');
    await party.ledger.party.beginDeploy({
      runId: RUN,
      deployId: 'd1',
      newEnvironment: false,
      baseline: [],
      now: at(0),
    });
    expect(await party.ask<PartyStatus>({ request: 'status' })).toEqual({
      environment: 'production',
      stack: 'Shop-prod',
      party: 'Tasks',
      account: '123456789012',
      region: 'eu-west-1',
      deployId: 'd1',
      deployedAt: at(0),
      packageVersion,
      tasks: [
        expect.objectContaining({ version: '1', state: 'pending' }),
        expect.objectContaining({ version: '2', state: 'pending' }),
      ],
    });
  });

  it('of more than Lambda can answer comes in pages that miss nothing', async () => {
    const versions = Array.from({ length: 60 }, (_, index) => String(index + 1));
    const description = 'long '.repeat(40_000);
    const tasks = versions.map((version) => deployed(version, { description }));
    const party = new TestParty(table, manifestOf(...tasks));
    const seen: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const page = await party.ask<PartyStatus>({ request: 'status', ...(after && { after }) });
      expect(JSON.stringify(page).length).toBeLessThan(6_000_000);
      seen.push(...page.tasks.map(({ version }) => version));
      after = page.next;
      pages += 1;
    } while (after !== undefined);
    expect(pages).toBeGreaterThan(1);
    expect(seen).toEqual(versions);
  });

  it('goes on behind a version that is there no more', async () => {
    const page = await partyOf('1', '3').ask<PartyStatus>({ request: 'status', after: '2' });
    expect(page.tasks.map(({ version }) => version)).toEqual(['3']);
  });
});

describe('logs', () => {
  it('are of one task, by the version that its file has', async () => {
    const asked: unknown[] = [];
    const party = new TestParty(table, manifestOf(deployed('007', { name: 'first_admin' }), deployed('8')), {
      runnerLogs: {
        read: async (query) => {
          asked.push(query);
          return { lines: [], token: 'next' };
        },
        tail: async () => [],
      },
    });
    const page = await party.ask({ request: 'logs', names: ['7'], since: at(0), token: 'last' });
    expect(page).toEqual({ lines: [], token: 'next' });
    expect(asked).toEqual([{ version: '007', since: at(0), token: 'last' }]);
    expect(await party.refusal({ request: 'logs', names: ['7', '8'] })).toMatchObject({
      code: 'bad-request',
    });
    expect(await party.refusal({ request: 'logs', names: ['nonsense'] })).toMatchObject({
      code: 'unknown-task',
    });
  });
});

describe('cancel', () => {
  it('asks the run to stop; the first request stands', async () => {
    const party = partyOf('1');
    await party.ledger.runs.accept(runOf([selectedTask('1')]));
    await party.ask<RunStatus>({ request: 'cancel', runId: RUN, by: ARN, reason: 'wrong release' });
    await party.ask<RunStatus>({ request: 'cancel', runId: RUN, by: 'another' });
    expect((await party.ledger.runs.require(RUN)).request).toEqual({
      cause: 'person',
      by: ARN,
      at: at(100),
      reason: 'wrong release',
    });
  });

  it('is refused for a run that has ended, or that nobody knows', async () => {
    const party = partyOf('1');
    await party.ledger.runs.accept(runOf([], { state: 'succeeded', summary: 'succeeded at noon' }));
    expect(await party.refusal({ request: 'cancel', runId: RUN, by: ARN })).toMatchObject({
      code: 'failed',
      message: `run ${RUN} has ended: succeeded at noon`,
    });
    expect(await party.refusal({ request: 'cancel', runId: newRunId(), by: ARN })).toMatchObject({
      code: 'unknown-run',
    });
  });
});
