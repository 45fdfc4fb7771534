import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DRIVER_ENDED } from '../../../functions/controller/crash.ts';
import type { RunRecord } from '../../../functions/ledger/index.ts';
import type { Work } from '../../../functions/workflow-messages.ts';
import { at, request, TestTable } from '../ledger/open-ledger.ts';
import { OTHER_RUN, RUN, TestParty } from './party.ts';
import { childrenOf, keysOf, SplittingParty } from './splitting-party.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const KEYS = ['acme', 'globex', 'initech'];
const done = { state: 'succeeded', result: 'ok' } as const;
const failed = { state: 'failed', reason: 'HTTP 503' } as const;
const END = { action: 'end' };
const EXIT = { Error: 'Runtime.ExitError', Cause: '{"errorMessage":"exited with error: exit status 1"}' };

const answerOf = async (party: SplittingParty) => (await party.run()).answer;

describe('a task that is split', () => {
  it('is planned by the runner first, and then has its children executed, side by side', async () => {
    const party = await SplittingParty.running(table);
    expect(await party.decide()).toMatchObject({ action: 'run', work: { versions: ['1'], attempt: 0 } });
    await party.plan(KEYS);
    const decision = await party.fanOut();
    expect(decision).toEqual({
      ...{
        v: 1,
        runId: RUN,
        action: 'fan-out',
        version: '1',
        children: [1, 2, 3],
        parallel: 3,
        share: 1 / 3,
      },
      steps: 1,
    });
    expect(await party.decide()).toEqual(decision);
  });

  it('has no more of them executed at a time than it says', async () => {
    const party = await SplittingParty.running(table);
    const claim = await party.claim('1', RUN);
    for (const [index, key] of keysOf(12).entries()) {
      await party.ledger.children('1').plan(claim, at(1), index + 1, { key }, at(1));
    }
    await party.ledger.tasks.fanOut(claim, childrenOf(12, at(1), { parallel: 8 }), at(1));
    expect(await party.fanOut()).toMatchObject({ parallel: 8, share: 1 / 8 });
  });

  it('succeeds once they all have, and the run goes on behind it', async () => {
    const party = await SplittingParty.split(table, KEYS);
    for (const number of [1, 2, 3]) await party.executeChild(number, done);
    expect(await party.decide()).toMatchObject(END);
    expect(await party.ledger.record('1')).toMatchObject({
      state: 'succeeded',
      result: '3 keys',
      lastRun: RUN,
    });
    expect(await answerOf(party)).toMatchObject({ status: 'SUCCESS' });
  });

  it('fails by name once the others are at their end, and names where to look', async () => {
    const party = await SplittingParty.split(table, KEYS);
    await party.executeChild(2, {
      ...failed,
      error: { name: 'Error', message: 'HTTP 503', at: 'tasks/1.ts:7' },
    });
    expect(await party.fanOut()).toMatchObject({ children: [1, 3] });
    for (const number of [1, 3]) await party.executeChild(number, done);
    expect(await party.decide()).toMatchObject(END);
    const answer = await answerOf(party);
    expect(answer?.status).toBe('FAILED');
    expect(answer?.text).toMatch(
      /^task 1_task_1 failed \(attempt 1, after .*\): 1 of 3 failed: key "globex": HTTP 503, at tasks\/1.ts:7\. 0 tasks ran, 1 failed/,
    );
  });

  it('is mended by the next deploy, which executes what is left alone', async () => {
    const party = await SplittingParty.split(table, KEYS);
    for (const number of [1, 3]) await party.executeChild(number, done);
    await party.executeChild(2, failed);
    await party.decide();
    await party.accept({ runId: OTHER_RUN });
    expect(await party.fanOut(OTHER_RUN)).toMatchObject({
      runId: OTHER_RUN,
      children: [2],
      parallel: 1,
      share: 1,
    });
    expect(await party.ledger.record('1')).toMatchObject({ state: 'fanned-out', run: OTHER_RUN, attempt: 2 });
    await party.executeChild(2, done, OTHER_RUN);
    expect(await party.decide({}, OTHER_RUN)).toMatchObject(END);
    expect(await party.ledger.record('1')).toMatchObject({ state: 'succeeded', attempt: 2 });
  });

  it('has those executed again that yielded and are left', async () => {
    const party = await SplittingParty.split(table, KEYS);
    await party.executeChild(1, { state: 'interrupted', cursor: 7 });
    await party.executeChild(2, done);
    expect(await party.fanOut()).toMatchObject({ children: [1, 3] });
  });

  it('of every deploy is split anew by each, unless it was stopped', async () => {
    const task = { when: 'every-deploy' } as const;
    for (const [outcome, expected] of [
      [done, 'run'],
      [failed, 'run'],
      [{ state: 'interrupted', reason: 'deploy timeout' }, 'fan-out'],
    ] as const) {
      const party = await SplittingParty.split(table, ['acme'], {}, task);
      await party.executeChild(1, outcome);
      await party.decide();
      await party.accept({ runId: OTHER_RUN }, task);
      expect(await party.decide({}, OTHER_RUN)).toMatchObject({ action: expected });
    }
  });

  it('and that its new code no longer splits is executed as a whole', async () => {
    const party = await SplittingParty.split(table, KEYS);
    await party.executeChild(2, failed);
    for (const number of [1, 3]) await party.executeChild(number, done);
    await party.decide();
    const whole = new TestParty(table, party.ports.manifest, { ledger: party.ledger });
    const [selected] = (await party.run()).selection ?? [];
    if (selected === undefined) throw new Error('nothing selected');
    const { childDelivery, ...unsplit } = selected;
    await party.ledger.runs.accept({
      ...(await party.run()),
      runId: OTHER_RUN,
      state: 'running',
      selection: [unsplit],
    });
    const message = { v: 1, request: 'decide', state: { v: 1, runId: OTHER_RUN } };
    expect(await whole.send(message)).toMatchObject({ action: 'run', work: { versions: ['1'] } });
    expect(await party.ledger.tasks.claim(request({ task: unsplit, runId: OTHER_RUN }))).toMatchObject({
      claimed: true,
    });
  });

  it('says where its file has another number of shards by now, and keeps its own', async () => {
    const party = await SplittingParty.running(table, {}, { splits: 'shards', shards: 8 });
    const claim = await party.claim('1', RUN);
    for (const index of [0, 1])
      await party.ledger.children('1').plan(claim, at(1), index + 1, { shard: { index, count: 2 } }, at(1));
    await party.ledger.tasks.fanOut(claim, childrenOf(2, at(1), { of: 'shards' }), at(1));
    expect(await party.fanOut()).toMatchObject({ children: [1, 2] });
    for (const number of [1, 2]) await party.executeChild(number, done);
    await party.decide();
    expect((await party.ledger.record('1')).result).toBe(
      '2 shards; it keeps its 2 shards, though its file now has 8',
    );
  });

  it('whose invocation died right after it had split it goes on', async () => {
    const party = await SplittingParty.split(table, KEYS);
    const work = { v: 1, runId: RUN, versions: ['1'], attempt: 0, timeoutSeconds: 960 } as const;
    expect(await party.decide({ work: { ...work, versions: ['1'] }, error: EXIT })).toMatchObject({
      action: 'fan-out',
    });
  });

  it('is failed by name where a child is damaged, in whatever, and calls nobody for ever', async () => {
    for (const damage of [{ state: 'done' }, { history: 'none' }, { plan: at(0) }]) {
      const party = await SplittingParty.split(table, KEYS);
      await party.editChild(2, damage);
      expect(await party.fanOut()).toMatchObject({ children: [1, 3] });
      expect(await party.decideChild(2)).toMatchObject(END);
      for (const number of [1, 3]) await party.executeChild(number, done);
      expect(await party.decide()).toMatchObject(END);
      const { state, reason } = await party.ledger.record('1');
      expect(state).toBe('failed');
      expect(reason).toMatch(/^1 of 3 failed: the ledger item pk ".*#1", sk "0000002" is /);
    }
  });
});

describe('more children than one Distributed Map takes', () => {
  /** What is read of them page by page has tests of its own. */
  async function many(run: Partial<RunRecord>, left: (number: number) => boolean = () => true) {
    const party = await SplittingParty.running(table, run);
    const claim = await party.claim('1', RUN);
    await party.ledger.tasks.fanOut(claim, childrenOf(10_001, at(1)), at(1));
    const children = Array.from({ length: 10_001 }, (_, index) => ({
      ...{ number: index + 1, attempt: 0 },
      ...(left(index + 1) ? { state: 'pending' } : { state: 'succeeded', succeededAt: at(2), lastRun: RUN }),
    }));
    const ledger = Object.create(party.ledger, {
      children: { value: () => ({ standings: async () => children }) },
    });
    return new SplittingParty(table, {}, ledger).fanOut();
  }

  it('are executed by two', async () => {
    const first = await many({ deadline: undefined });
    expect(first.children).toHaveLength(10_000);
    expect(Buffer.byteLength(JSON.stringify(first))).toBeLessThan(64_000);
    const second = await many({ deadline: undefined }, (number) => number > 10_000);
    expect(second).toMatchObject({ children: [10_001], parallel: 1, share: 1 });
  });

  it('are executed by smaller ones where a deadline may come meanwhile', async () => {
    expect((await many({ deadline: at(1_800) })).children).toHaveLength(600);
  });
});

describe('a Distributed Map that is not carried out', () => {
  const error = { Error: 'States.Runtime', Cause: 'not authorized to StartExecution' };

  it('is tried again by a deploy, no faster than every ten seconds', async () => {
    const party = await SplittingParty.split(table, KEYS);
    expect(await party.decide({ error })).toMatchObject({ action: 'wait', seconds: 10 });
    expect(await party.decide()).toMatchObject({ action: 'fan-out' });
  });

  it.each([
    ['a person', { trigger: 'invoke', deadline: undefined }],
    ['a background run after an hour', { parent: OTHER_RUN, deadline: undefined, startedAt: at(-3_601) }],
  ] as const)('ends the run of %s, with the reason', async (_, run) => {
    const party = await SplittingParty.split(table, KEYS, run);
    expect(await party.decide({ error })).toMatchObject(END);
    expect(await party.ledger.record('1')).toMatchObject({
      state: 'interrupted',
      reason:
        'its children could not be executed: States.Runtime: not authorized to StartExecution; 3 of 3 left',
    });
    expect((await answerOf(party))?.text).toContain('could not be executed');
  });
});

describe('children whose driver ended on this machine', () => {
  const error = {
    Error: 'Driver.Ended',
    Cause: JSON.stringify({
      errorType: 'Driver.Ended',
      errorMessage: 'the process that drove the run ended',
    }),
  };

  async function adopted(run: Partial<RunRecord>): Promise<SplittingParty> {
    const party = await SplittingParty.split(table, KEYS, run);
    const { attempt } = await party.claimChild(1);
    const work: Work = {
      v: 1,
      runId: RUN,
      versions: ['1'],
      child: 1,
      attempt: attempt - 1,
      timeoutSeconds: 60,
    };
    expect(await party.decideChild(1, { work, error })).toMatchObject(END);
    expect(await party.child(1)).toMatchObject({ state: 'failed', reason: DRIVER_ENDED });
    return party;
  }

  it.each([
    ['a deploy', {}],
    ['a background run', { parent: OTHER_RUN, deadline: undefined }],
  ])('are gone on with by %s, and then it fails by the name of those', async (_, run) => {
    const party = await adopted(run);
    expect(await party.decide({ error })).toMatchObject({ action: 'wait', seconds: 10 });
    expect(await party.fanOut()).toMatchObject({ children: [2, 3] });
    for (const number of [2, 3]) await party.executeChild(number, done);
    expect(await party.decide()).toMatchObject(END);
    expect((await party.ledger.record('1')).reason).toBe(`1 of 3 failed: key "acme": ${DRIVER_ENDED}`);
  });

  it('are left to the next run by a run that a person started', async () => {
    const party = await adopted({ trigger: 'run', deadline: undefined });
    expect(await party.decide({ error })).toMatchObject(END);
    expect((await party.ledger.record('1')).reason).toBe(`1 of 3 failed: key "acme": ${DRIVER_ENDED}`);
    await party.accept({ runId: OTHER_RUN, trigger: 'run', deadline: undefined });
    await party.decide({}, OTHER_RUN);
    expect(await party.fanOut(OTHER_RUN)).toMatchObject({ children: [1, 2, 3] });
  });
});

describe('Decide at the same time, many times', () => {
  it('settles a task once, and starts nothing that is done', async () => {
    for (let round = 0; round < 10; round++) {
      const party = await SplittingParty.split(table, ['acme']);
      await party.executeChild(1, round % 2 === 0 ? done : failed);
      const decisions = await Promise.all([party.decide(), party.decide(), party.decide()]);
      expect(decisions.map(({ action }) => action)).toEqual(['end', 'end', 'end']);
      expect((await party.ledger.record('1')).history).toHaveLength(1);
    }
  });

  it('reopens a task once', async () => {
    for (let round = 0; round < 10; round++) {
      const party = await SplittingParty.split(table, ['acme']);
      await party.executeChild(1, failed);
      await party.decide();
      await party.accept({ runId: OTHER_RUN });
      const decisions = await Promise.all([party.decide({}, OTHER_RUN), party.decide({}, OTHER_RUN)]);
      expect(decisions.map(({ action }) => action)).toEqual(['fan-out', 'fan-out']);
      expect((await party.ledger.record('1')).attempt).toBe(2);
    }
  });
});
