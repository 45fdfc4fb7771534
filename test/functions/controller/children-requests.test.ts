import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  ChildrenPage,
  Corrections,
  PartyStatus,
  RunStatus,
  TaskDetails,
} from '../../../functions/controller/requests.ts';
import type { RunRecord, TaskOutcome } from '../../../functions/ledger/index.ts';
import type { ManifestTask } from '../../../functions/manifest.ts';
import { at, TestTable } from '../ledger/open-ledger.ts';
import { ARN, newRunId, RUN } from './party.ts';
import { childrenOf, SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const KEYS = ['acme', 'globex', 'initech', 'umbrella'];
const FAILED: TaskOutcome = { state: 'failed', error: { name: 'Error', message: 'HTTP 503' } };

const invoke = (keys: string[], fields: object = {}) => ({
  ...{ request: 'invoke', runId: newRunId(), names: ['1'], by: ARN, keys },
  ...fields,
});
const correction = (request: 'mark-done' | 'reset', ...keys: string[]) => ({
  ...{ request, names: ['1'], by: ARN, reason: 'by hand', keys },
});

/** A party whose task came to its end, with these keys of it failed. */
async function partyAfter(
  failing: readonly string[],
  task: Partial<ManifestTask> = {},
  outcome: TaskOutcome = FAILED,
): Promise<SplittingParty> {
  const party = await SplittingParty.running(table, {}, task);
  party.outcomes = (key) => (failing.includes(key) ? outcome : { state: 'succeeded' });
  await party.carryOut(KEYS);
  party.outcomes = () => ({ state: 'succeeded' });
  return party;
}

/** A party whose run sees to the children. */
async function partyUnderWay(run: Partial<RunRecord> = {}, task: Partial<ManifestTask> = {}) {
  const party = await SplittingParty.split(table, KEYS, run, task);
  Object.assign(party.ports, { workflow: { ...party.ports.workflow, isRunning: async () => true } });
  return party;
}

const states = async (party: SplittingParty) =>
  Promise.all(KEYS.map(async (_, index) => (await party.child(index + 1)).state));

describe('invoke of keys', () => {
  it('executes these alone, and the run is about them', async () => {
    const party = await partyAfter(['globex', 'umbrella']);
    const request = invoke(['umbrella']);
    const run = await party.ask<RunStatus>(request);

    expect(run.children).toMatchObject([{ number: 4, key: 'umbrella', shard: null, state: 'failed' }]);
    expect((await party.run(request.runId)).children).toEqual([4]);
    await party.carryOut(KEYS, request.runId);

    expect(Object.fromEntries(party.executions)).toEqual({ acme: 1, globex: 1, initech: 1, umbrella: 2 });
    const ended = await party.ask<RunStatus>({ request: 'show-run', runId: request.runId });
    expect(ended).toMatchObject({
      state: 'succeeded',
      outcome: expect.stringContaining('key "umbrella" of task 1_task_1 succeeded; of all, 1 of 4 failed'),
      tasks: [{ state: 'failed', reason: '1 of 4 failed: key "globex": Error: HTTP 503' }],
      children: [{ key: 'umbrella', state: 'succeeded', attempt: 2 }],
    });
  });

  it('settles the task as succeeded with the last of them', async () => {
    const party = await partyAfter(['globex', 'umbrella']);
    const request = invoke(['umbrella', 'globex', 'umbrella']);
    await party.ask<RunStatus>(request);
    expect((await party.run(request.runId)).children).toEqual([2, 4]);
    await party.carryOut(KEYS, request.runId);
    expect(await party.ledger.record('1')).toMatchObject({ state: 'succeeded', result: '4 keys' });
  });

  it('takes a shard by the number that is shown', async () => {
    const party = new SplittingParty(table, { splits: 'shards', shards: 3 });
    await party.accept({});
    const claim = await party.claim('1', RUN);
    for (const number of [1, 2, 3])
      await party.ledger
        .children('1')
        .plan(claim, at(0), number, { shard: { index: number - 1, count: 3 } }, at(0));
    await party.ledger.tasks.fanOut(claim, childrenOf(3, at(0), { of: 'shards' }), at(0));
    const request = invoke(['2']);
    const run = await party.ask<RunStatus>(request);
    expect(run.children).toMatchObject([{ number: 2, key: '2', shard: { index: 1, count: 3 } }]);
    expect(await party.refusal(invoke(['4']))).toMatchObject({
      code: 'unknown-key',
      message: 'task 1_task_1 has no shard "4"',
      resolution: expect.stringContaining('name one by its number, from 1 to 3'),
    });
  });

  it('leaves out what has succeeded, if asked to', async () => {
    const party = await partyAfter(['globex']);
    const request = invoke(['acme', 'globex'], { ifNotSucceeded: true });
    await party.ask<RunStatus>(request);
    expect((await party.run(request.runId)).children).toEqual([2]);
    const none = await party.ask<RunStatus>(invoke(['acme'], { ifNotSucceeded: true }));
    expect(none).toMatchObject({ tasks: [], children: [] });
  });

  it.each([
    ['several tasks', invoke(['acme'], { names: ['1', '2'] }), 'bad-request', '2 are named'],
    ['--from-start', invoke(['acme'], { fromStart: true }), 'bad-request', '--from-start splits'],
    ['--limit for two', invoke(['acme', 'globex'], { limit: 5, confirmed: true }), 'bad-request', 'share no'],
    ['a key that nobody has', invoke(['xy']), 'unknown-key', 'has no key "xy"'],
    ['a near key', invoke(['Acmee']), 'unknown-key', 'has no key "Acmee" (did you mean "acme"?)'],
    ['a part of keys', invoke(['re']), 'unknown-key', 'has no key "re" (did you mean "umbrella"?)'],
    ['an empty key', invoke(['']), 'unknown-key', 'has no key ""'],
    ['one that has succeeded', invoke(['acme']), 'confirm', 'key "acme" of 1_task_1 is succeeded'],
    ['a task that is not split', invoke(['a'], { names: ['2'] }), 'wrong-state', '2_task_2 is not split'],
  ])('is refused with %s, and starts nothing', async (_, request, code, words) => {
    const party = await partyAfter(['globex']);
    expect(await party.refusal(request)).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(await party.ledger.runs.get(request.runId)).toBeUndefined();
    expect(party.started).toEqual([]);
  });

  it('is refused for a task that has not been split yet, or is just being split', async () => {
    const party = await SplittingParty.running(table);
    expect(await party.refusal(invoke(['acme']))).toMatchObject({
      code: 'wrong-state',
      message: 'task 1_task_1 has not been split yet, so it has no keys',
      resolution: 'split and run it first: invoke it without --key',
    });
    await party.claim('1', RUN, at(200));
    expect(await party.refusal(invoke(['acme']))).toMatchObject({
      code: 'held',
      message: `task 1_task_1 is just being split, by run ${RUN}`,
    });
  });

  it('is refused while another run sees to the children', async () => {
    const party = await partyUnderWay();
    expect(await party.refusal(invoke(['acme']))).toMatchObject({ code: 'held' });
  });

  it('names the item that cannot be read, where a key is not found', async () => {
    const party = await partyAfter([]);
    await party.editChild(2, { key: 5 });
    expect(await party.refusal(invoke(['globex']))).toMatchObject({ code: 'damaged-record' });
    await expect(party.ask(invoke(['acme'], { confirmed: true }))).resolves.toMatchObject({
      state: 'running',
    });
  });
});

it('--limit is refused for a task that is split, but for one of its children', async () => {
  const party = await partyAfter(['globex']);
  const { keys: _, ...whole } = invoke([], { limit: 5 });
  expect(await party.refusal(whole)).toMatchObject({
    code: 'bad-request',
    message: '1_task_1 is split into keys, which are executed side by side and share no limit',
    resolution: 'limit one of them: --key KEY --limit N, or leave out --limit',
  });
  const one = await party.ask<RunStatus>(invoke(['globex'], { limit: 5 }));
  expect(await party.run(one.runId)).toMatchObject({ limit: 5, children: [2] });
});

describe('mark-done of a key', () => {
  it('is audited in its history, and settles the task with the last', async () => {
    const party = await partyAfter(['globex', 'umbrella']);
    const first = await party.ask<Corrections>(correction('mark-done', 'globex'));

    expect(first).toMatchObject({
      tasks: [{ state: 'failed', reason: '1 of 4 failed: key "umbrella": Error: HTTP 503' }],
      children: [{ key: 'globex', state: 'succeeded', reason: 'by hand' }],
    });
    expect((await party.child(2)).history.at(-1)).toMatchObject({
      ...{ state: 'marked as done', by: ARN, reason: 'by hand' },
    });

    const last = await party.ask<Corrections>(correction('mark-done', 'umbrella'));

    expect(last.tasks).toMatchObject([{ state: 'succeeded', result: '4 keys', split: { succeeded: 4 } }]);
    const task = await party.ledger.record('1');
    expect(task.history.at(-1)).toMatchObject({ state: 'marked as done: key "umbrella"', by: ARN });
    expect(task.succeededAt).toBe(at(party.now));
    expect(Object.fromEntries(party.executions)).toEqual({ acme: 1, globex: 1, initech: 1, umbrella: 1 });
  });

  it('says of those in doubt one by one that they are done', async () => {
    const party = await partyAfter(['acme', 'globex'], { delivery: 'at-most-once' }, { state: 'in-doubt' });
    const { tasks } = await party.ask<Corrections>(correction('mark-done', 'acme'));
    expect(tasks).toMatchObject([
      { state: 'in-doubt', reason: expect.stringMatching(/^1 of 4 in doubt: key "globex"/) },
    ]);
    await party.ask<Corrections>(correction('mark-done', 'globex'));
    expect((await party.ledger.record('1')).state).toBe('succeeded');
  });

  it('leaves the task to the run that sees to its children', async () => {
    const party = await partyUnderWay();
    await party.executeChild(1, FAILED);
    const before = await party.ledger.record('1');
    const { tasks } = await party.ask<Corrections>(correction('mark-done', 'acme'));
    expect(tasks).toMatchObject([{ state: 'running', split: { succeeded: 1, left: 3 } }]);
    expect(await party.ledger.record('1')).toEqual(before);
    await party.carryOut(KEYS);
    expect((await party.ledger.record('1')).state).toBe('succeeded');
    expect(party.executions.get('acme')).toBeUndefined();
  });

  it('leaves to a person what a person has said of the task', async () => {
    const party = await partyAfter(['globex']);
    await party.ask<Corrections>({ request: 'pause', names: ['1'], by: ARN });
    const { tasks } = await party.ask<Corrections>(correction('mark-done', 'globex'));
    expect(tasks).toMatchObject([{ state: 'paused' }]);
  });

  it('is refused, before any is changed, where one is being executed', async () => {
    const party = await partyUnderWay();
    await party.executeChild(1, FAILED);
    await party.claimChild(2);
    expect(await party.refusal(correction('mark-done', 'acme', 'globex'))).toMatchObject({
      code: 'held',
      message: `key "globex" of task 1_task_1 is being executed by run ${RUN}; nothing was changed`,
    });
    expect((await party.child(1)).state).toBe('failed');
  });
});

describe('reset of a key', () => {
  it('makes the task due again, of which that key alone is executed', async () => {
    const party = await partyAfter([]);
    const { tasks, children } = await party.ask<Corrections>(correction('reset', 'initech'));

    expect(children).toMatchObject([{ key: 'initech', state: 'pending' }]);
    expect(tasks).toMatchObject([{ state: 'interrupted', split: { succeeded: 3, left: 1 } }]);
    expect((await party.child(3)).history.at(-1)).toMatchObject({ state: 'reset', by: ARN });
    const task = await party.ledger.record('1');
    expect(task.succeededAt).toBeUndefined();
    expect(task.history.at(-1)).toMatchObject({ state: 'reset: key "initech"', by: ARN, reason: 'by hand' });

    const run = await party.ask<RunStatus>({ request: 'run', runId: newRunId(), by: ARN });
    await party.ledger.tasks.correct(
      { kind: 'skip', version: '2', name: 'task_2', by: ARN, reason: 'not it' },
      at(party.now),
    );
    await party.carryOut(KEYS, run.runId);
    expect(Object.fromEntries(party.executions)).toEqual({ acme: 1, globex: 1, initech: 2, umbrella: 1 });
    expect((await party.ledger.record('1')).state).toBe('succeeded');
  });

  it('mends a key whose item is damaged', async () => {
    const party = await partyAfter(['globex']);
    await party.editChild(2, { attempt: 'many' });
    const damaged = { code: 'damaged-record', resolution: expect.stringContaining('reset 1 --key KEY') };
    for (const request of [correction('mark-done', 'globex'), invoke(['globex'], { confirmed: true })])
      expect(await party.refusal(request)).toMatchObject(damaged);

    const { children } = await party.ask<Corrections>(correction('reset', 'globex'));

    expect(children).toMatchObject([{ number: 2, key: 'globex', state: 'pending' }]);
    expect(await party.child(2)).toMatchObject({ state: 'pending', key: 'globex' });
  });

  it('mends no key that cannot be read, and says so', async () => {
    const party = await partyAfter(['globex']);
    await party.editChild(2, { key: 5 });
    const refusal = await party.refusal(correction('reset', 'globex'));
    expect(refusal).toMatchObject({
      code: 'damaged-record',
      message: expect.stringContaining('attribute key'),
    });
    expect(refusal.resolution).toBe('mend the attribute in the DynamoDB console');
  });

  it('mends a shard whose item is damaged', async () => {
    const party = await partyAfter(['globex']);
    await party.editChild(2, { attempt: 'many' });
    await party.ledger.edit('task#1', {
      children: { of: 'shards', count: 4, parallel: 10, plan: (await party.child(1)).plan },
    });
    await party.ask<Corrections>(correction('reset', '2'));
    expect((await party.child(2)).state).toBe('pending');
  });
});

describe('a task whose children are being executed', () => {
  it.each(['skip', 'mark-done', 'reset'])('is not to be changed by %s', async (request) => {
    const party = await partyUnderWay();
    const before = await party.ledger.record('1');
    const asked = { request, names: ['1'], by: ARN, reason: 'by hand' };
    expect(await party.refusal(asked)).toMatchObject({
      code: 'held',
      message: `the children of task 1_task_1 are being executed by run ${RUN}; nothing was changed`,
    });
    expect(await party.ledger.record('1')).toEqual(before);
  });

  it.each([
    ['skip', 'skipped'],
    ['reset', 'pending'],
    ['pause', 'paused'],
  ])(
    'is left by a run that is gone, and then %s is recorded once none of them can be',
    async (request, state) => {
      const party = await SplittingParty.split(table, KEYS);
      await party.claimChild(1);
      const asked = { request, names: ['1'], by: ARN, reason: 'by hand' };
      expect(await party.refusal(asked)).toMatchObject({ code: 'held' });
      party.now += 100;
      const { tasks } = await party.ask<Corrections>(asked);
      expect(tasks).toMatchObject([{ state }]);
    },
  );

  it('is asked to stop, and set a rate', async () => {
    const party = await partyUnderWay({}, { iterates: true });
    const paused = await party.ask<Corrections>({ request: 'pause', names: ['1'], by: ARN });
    expect(paused.tasks).toMatchObject([{ state: 'running', notes: ['pause-requested'] }]);
    await party.ask<Corrections>({ request: 'rate', names: ['1'], by: ARN, itemsPerSecond: 40 });
    expect((await party.ledger.record('1')).rate).toBe(40);
    await party.carryOut(KEYS);
    expect(await states(party)).toEqual(['pending', 'pending', 'pending', 'pending']);
    expect((await party.ledger.record('1')).state).toBe('paused');
  });

  it('is resumed with those that are left', async () => {
    const party = await partyUnderWay();
    await party.executeChild(1, { state: 'succeeded' });
    await party.ask<Corrections>({ request: 'pause', names: ['1'], by: ARN });
    await party.carryOut(KEYS);
    const resume = { request: 'resume', runId: newRunId(), names: ['1'], by: ARN };
    await party.ask<RunStatus>(resume);
    await party.carryOut(KEYS, resume.runId);
    expect((await party.ledger.record('1')).state).toBe('succeeded');
    expect(party.executions.get('acme')).toBeUndefined();
  });
});

describe('status', () => {
  const status = async (party: SplittingParty) => {
    const { tasks } = await party.ask<PartyStatus>({ request: 'status' });
    return tasks.find(({ version }) => version === '1');
  };

  it('counts the children, and says at what pace they go on', async () => {
    const party = await partyUnderWay();
    party.now = 30;
    await party.executeChild(1, { state: 'succeeded', progress: { done: 100, total: 100 } });
    const claim = await party.claimChild(2);
    await party.ledger.children('1').at(2).checkpoint(claim, 1, { done: 50, total: 100, before: 20 }, at(30));
    await party.executeChild(3, { ...FAILED, progress: { done: 10, total: 100 } });
    party.now = 30;

    const task = await status(party);

    expect(task).toMatchObject({
      state: 'running',
      split: { of: 'keys', count: 4, parallel: 10, succeeded: 1, failed: 1, inDoubt: 0, running: 1, left: 1 },
      progress: { done: 160, total: 400 },
    });
    // 140 of them in the 10 seconds since the task began.
    expect(task?.progress?.itemsPerSecond).toBeCloseTo(14);
    expect(task?.progress?.msLeft).toBeCloseTo((240 / 14) * 1000);
    // Two of the four in those seconds.
    expect(task?.split?.endedPerSecond).toBeCloseTo(0.2);
    expect(task?.split?.msLeft).toBeCloseTo(10_000);
  });

  it('takes for the pace only what its own run has brought to an end', async () => {
    const party = await partyUnderWay();
    await party.executeChild(1, { state: 'succeeded' });
    await party.ask<Corrections>({ request: 'pause', names: ['1'], by: ARN });
    await party.carryOut(KEYS);
    const { runId } = await party.ask<RunStatus>({
      ...{ request: 'resume', runId: newRunId(), names: ['1'], by: ARN },
    });
    await party.fanOut(runId);
    party.now += 40;
    expect((await status(party))?.split).toMatchObject({ succeeded: 1, endedPerSecond: null, msLeft: null });

    await party.executeChild(2, { state: 'succeeded' }, runId);
    expect((await status(party))?.split).toMatchObject({
      succeeded: 2,
      endedPerSecond: 1 / 40,
      msLeft: 80_000,
    });
  });

  it('is stale where its run is gone, and knows of no pace', async () => {
    const party = await SplittingParty.split(table, KEYS);
    await party.executeChild(1, { state: 'succeeded', progress: { done: 100, total: 100 } });
    expect(await status(party)).toMatchObject({ state: 'stale', progress: { done: 100, msLeft: null } });
  });

  it('has no counts of a task that is not split, and whole ones of one that succeeded', async () => {
    const party = await partyAfter([]);
    const { tasks } = await party.ask<PartyStatus>({ request: 'status' });
    expect(tasks).toMatchObject([{ split: { count: 4, succeeded: 4, left: 0 } }, { split: null }]);
  });

  it('says that the number of shards is kept', async () => {
    const party = await partyUnderWay({}, { splits: 'shards', shards: 16 });
    await party.ledger.edit('task#1', {
      children: { of: 'shards', count: 4, parallel: 10, plan: (await party.child(1)).plan },
    });
    expect((await status(party))?.notes).toContain('shards-kept:4');
  });
});

describe('the children of a task', () => {
  const list = (fields: object = {}) => ({ request: 'children', names: ['1'], ...fields });

  it('are listed by their numbers, or the worst that have not succeeded first', async () => {
    const party = await partyAfter(['globex', 'umbrella']);
    await party.ask<Corrections>(correction('reset', 'acme'));
    const all = await party.ask<ChildrenPage>(list());
    expect(all.children.map(({ key }) => key)).toEqual(KEYS);
    expect(all).toMatchObject({ count: 4, next: null });
    const some = await party.ask<ChildrenPage>(list({ unfinished: true, limit: 2 }));
    expect(some).toMatchObject({ count: 3, next: null });
    expect(some.children.map(({ key, state }) => [key, state])).toEqual([
      ['globex', 'failed'],
      ['umbrella', 'failed'],
    ]);
    expect(some.children[0]).toMatchObject({ attempt: 1, error: { message: 'HTTP 503' }, shard: null });
  });

  it('are listed a page at a time', async () => {
    const party = await partyAfter([]);
    const first = await party.ask<ChildrenPage>(list({ limit: 3 }));
    expect(first.children.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(first.next).toBe(3);
    const second = await party.ask<ChildrenPage>(list({ limit: 3, after: 3 }));
    expect(second).toMatchObject({ children: [{ number: 4 }], count: 4, next: null });
  });

  it('are listed with one that cannot be read, and one whose lease is over', async () => {
    const party = await SplittingParty.split(table, KEYS);
    await party.claimChild(1);
    await party.editChild(2, { attempt: 'many' });
    party.now += 100;
    const { children } = await party.ask<ChildrenPage>(list({ unfinished: true }));
    expect(children.map(({ state }) => state)).toEqual(['damaged', 'stale', 'pending', 'pending']);
    expect(children[0]).toMatchObject({ number: 2, reason: expect.stringContaining('attribute attempt') });
  });

  it('are refused of a task that is not split', async () => {
    const party = await partyAfter([]);
    expect(await party.refusal(list({ names: ['2'] }))).toMatchObject({ code: 'wrong-state' });
  });

  it('are shown one by one with all that is known of them', async () => {
    const party = await partyAfter(['globex']);
    const { tasks } = await party.ask<{ tasks: TaskDetails[] }>({
      ...{ request: 'show', names: ['1'], keys: ['globex'] },
    });
    expect(tasks).toMatchObject([
      {
        ...{ version: '1', state: 'failed', attempt: 1, error: { message: 'HTTP 503' } },
        child: { number: 2, key: 'globex', shard: null },
        history: [{ state: 'failed', run: RUN }],
      },
    ]);
  });
});
