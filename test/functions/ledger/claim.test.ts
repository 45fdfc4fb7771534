import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SelectedTask, TaskRecord } from '../../../functions/ledger/index.ts';
import { at, OTHER_RUN, RUN, request, selected, type TestLedger, TestTable, won } from './open-ledger.ts';

let table: TestTable;
let ledger: TestLedger;

beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

/** A ledger in which another run has left the task so. */
async function having(record: Partial<TaskRecord>): Promise<TestLedger> {
  const opened = table.open();
  const { version, name } = selected();
  await opened.edit(`task#${version}`, {
    ...{ schema: 1, version, name, summary: 's', attempt: 3, history: [], lastRun: OTHER_RUN, owner: 'old' },
    ...(record.state === 'running' ? { run: OTHER_RUN, startedAt: at(-60) } : {}),
    ...record,
  });
  return opened;
}

const live = { state: 'running', leaseUntil: at(1) } as const;
const stale = { state: 'running', leaseUntil: at(-1) } as const;
const succeeded = { state: 'succeeded', succeededAt: at(-60) } as const;
const failedAgain = { state: 'failed', succeededAt: at(-60) } as const;

describe('claiming a task', () => {
  it('takes one that has no record', async () => {
    ledger = table.open();
    const claim = won(await ledger.tasks.claim(request({ token: 'mine' })));

    expect(claim).toMatchObject({
      attempt: 1,
      token: 'mine',
      runId: RUN,
      startedAt: at(0),
      previous: undefined,
    });
    expect(await ledger.record()).toMatchObject({
      ...{ state: 'running', run: RUN, owner: 'mine', leaseUntil: at(60), startedAt: at(0), attempt: 1 },
      ...{ checksum: 'c1', deployId: 'd1', history: [], name: 'restart_search' },
      summary:
        'running since 2026-11-20 09:15 UTC, by CloudFormation; if it has not ended by 2026-11-20 09:16 UTC, it broke off',
    });
  });

  it('is by the version without leading zeros', async () => {
    ledger = table.open();
    await ledger.tasks.claim(request({ task: { version: '007' } }));

    expect(await ledger.tasks.claim(request({ task: { version: '7' } }))).toMatchObject({ claimed: false });
    expect(await ledger.record('07')).toMatchObject({ version: '007' });
  });

  it('leaves nothing of the attempt before', async () => {
    ledger = await having({
      ...{ state: 'failed', finishedAt: at(-60), result: '1', logs: ['l'], reason: 'r', by: 'b' },
      error: { name: 'Error', message: 'm' },
    });
    await ledger.tasks.claim(request());

    const record = await ledger.record();
    for (const name of ['finishedAt', 'result', 'error', 'reason', 'by', 'logs'])
      expect(record).not.toHaveProperty(name);
    expect(record.attempt).toBe(4);
  });

  type Case = [claimed: boolean, title: string, record: Partial<TaskRecord>, task?: Partial<SelectedTask>];
  const everyDeploy = { when: 'every-deploy' } as const;
  const atMostOnce = { delivery: 'at-most-once' } as const;

  it.each<Case>([
    [true, 'pending', { state: 'pending' }],
    [true, 'failed in another run', { state: 'failed' }],
    [true, 'stale', stale],
    [false, 'failed in this run', { state: 'failed', lastRun: RUN }],
    [false, 'failed when a person ran it again after its success', failedAgain],
    [false, 'succeeded', succeeded],
    [false, 'skipped', { state: 'skipped' }],
    [false, 'cancelled', { state: 'cancelled' }],
    [false, 'in doubt', { state: 'in-doubt' }],
    [false, 'running, with a live lease', live],
    [false, 'stale in this very run, whose crash is still to be settled', { ...stale, run: RUN }],
    [false, 'stale when a person ran it again after its success', { ...stale, succeededAt: at(-60) }],
    [false, 'stale and at-most-once: it may have had its effect', stale, atMostOnce],
    [true, 'pending and at-most-once', { state: 'pending' }, atMostOnce],
    [true, 'failed and at-most-once', { state: 'failed' }, atMostOnce],
    [true, 'every-deploy and succeeded in another run', succeeded, everyDeploy],
    [true, 'every-deploy and failed in another run', { state: 'failed' }, everyDeploy],
    [true, 'every-deploy and stale', stale, everyDeploy],
    [false, 'every-deploy and succeeded in this run', { ...succeeded, lastRun: RUN }, everyDeploy],
    [false, 'every-deploy and failed in this run', { state: 'failed', lastRun: RUN }, everyDeploy],
    [false, 'every-deploy, running, with a live lease', live, everyDeploy],
    [false, 'every-deploy and skipped', { state: 'skipped' }, everyDeploy],
    [false, 'every-deploy and cancelled', { state: 'cancelled' }, everyDeploy],
  ])('by a deploy is %s for a task that is %s', async (claimed, _title, record, task = {}) => {
    ledger = await having(record);
    const before = await ledger.item('task#20260126080000');

    const result = await ledger.tasks.claim(request({ task }));

    expect(result.claimed).toBe(claimed);
    if (!result.claimed) {
      expect(result.holder).toEqual(await ledger.record());
      expect(await ledger.item('task#20260126080000')).toEqual(before);
    }
  });

  it.each<Case>([
    [true, 'succeeded', succeeded],
    [true, 'skipped', { state: 'skipped' }],
    [true, 'cancelled', { state: 'cancelled' }],
    [true, 'in doubt', { state: 'in-doubt' }],
    [true, 'failed when run again after its success', failedAgain],
    [true, 'stale and at-most-once', stale, atMostOnce],
    [false, 'succeeded in this run', { ...succeeded, lastRun: RUN }],
    [false, 'failed in this run', { state: 'failed', lastRun: RUN }],
    [false, 'running, with a live lease', live],
  ])(
    'by a person who asked for it is %s for a task that is %s',
    async (claimed, _title, record, task = {}) => {
      ledger = await having(record);

      expect((await ledger.tasks.claim(request({ task, asked: true }))).claimed).toBe(claimed);
    },
  );

  it('has one winner of 50 at once, in each of 20 rounds', async () => {
    ledger = table.open();
    for (let round = 1; round <= 20; round++) {
      const version = String(round);
      const requests = Array.from({ length: 50 }, () => request({ task: { version } }));
      const results = await Promise.all(requests.map((each) => ledger.tasks.claim(each)));

      const winners = requests.filter((_, index) => results[index]?.claimed);
      expect(winners).toHaveLength(1);
      expect(await ledger.record(version)).toMatchObject({ owner: winners[0]?.token, attempt: 1 });
    }
  }, 600_000);

  it('has one winner of 50 that take over a stale task', async () => {
    ledger = await having(stale);
    const results = await Promise.all(Array.from({ length: 50 }, () => ledger.tasks.claim(request())));

    expect(results.filter(({ claimed }) => claimed)).toHaveLength(1);
    expect((await ledger.record()).attempt).toBe(4);
  });
});

describe('releasing a claim', () => {
  it('restores the record exactly, so that the attempt does not count', async () => {
    ledger = await having({
      ...{
        state: 'failed',
        finishedAt: at(-60),
        result: '{"n":1}',
        logs: ['l'],
        reason: 'r',
        checksum: 'c0',
      },
      history: [{ attempt: 3, state: 'failed', at: at(-60), error: 'Error: m' }],
    });
    const before = await ledger.item('task#20260126080000');
    const claim = won(await ledger.tasks.claim(request()));

    await ledger.tasks.release(claim, at(1));

    expect(await ledger.item('task#20260126080000')).toEqual(before);
  });

  it('makes a task pending that had no record', async () => {
    ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));

    await ledger.tasks.release(claim, at(1));

    expect(await ledger.record()).toMatchObject({ state: 'pending', attempt: 0, history: [] });
    expect(won(await ledger.tasks.claim(request())).attempt).toBe(1);
  });

  it('changes nothing once somebody else holds the task', async () => {
    ledger = await having({ state: 'failed' });
    const claim = won(await ledger.tasks.claim(request({ runId: OTHER_RUN.replace('b', 'c') })));
    const taker = won(await ledger.tasks.claim(request({ now: at(61), leaseUntil: at(120) })));

    await ledger.tasks.release(claim, at(62));

    expect(await ledger.record()).toMatchObject({ state: 'running', owner: taker.token });
  });
});
