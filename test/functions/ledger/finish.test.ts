import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from '../../fast-check.ts';
import { at, OTHER_RUN, RUN, request, TestTable, won } from './open-ledger.ts';

let table: TestTable;

beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

describe('finishing a task', () => {
  it('records a success with its result', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));

    expect(await ledger.tasks.finish(claim, { state: 'succeeded', result: { changed: 37 } }, at(5))).toBe(
      true,
    );

    const record = await ledger.record();
    expect(record).toMatchObject({
      ...{ state: 'succeeded', succeededAt: at(5), finishedAt: at(5), lastRun: RUN, result: { changed: 37 } },
      summary: 'succeeded at 2026-11-20 09:15 UTC (attempt 1)',
      history: [{ attempt: 1, state: 'succeeded', at: at(5), startedAt: at(0), run: RUN }],
    });
    expect(record).not.toHaveProperty('run');
    expect(record).not.toHaveProperty('leaseUntil');
  });

  it('says of invocations that went on with one another when the first of them began', async () => {
    const ledger = table.open();
    const slice = { state: 'interrupted', cursor: 1 } as const;
    await ledger.tasks.finish(won(await ledger.tasks.claim(request())), slice, at(5));
    const second = won(await ledger.tasks.claim(request({ now: at(6), leaseUntil: at(66) })));
    expect(await ledger.record()).toMatchObject({ beganAt: at(0), startedAt: at(6) });

    await ledger.tasks.finish(second, { state: 'succeeded' }, at(9));

    const record = await ledger.record();
    expect(record).toMatchObject({ startedAt: at(0), history: [{ startedAt: at(0), at: at(9) }] });
    expect(record).not.toHaveProperty('beganAt');
  });

  it('lets its run go on with what yielded, and not with what was stopped', async () => {
    const ledger = table.open();
    const yielded = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(yielded, { state: 'interrupted', cursor: 1 }, at(5));
    const stopped = won(await ledger.tasks.claim(request()));

    await ledger.tasks.finish(stopped, { state: 'interrupted', cursor: 2, reason: 'deploy timeout' }, at(6));

    for (const asked of [false, true]) {
      expect(await ledger.tasks.claim(request({ asked }))).toMatchObject({ claimed: false });
    }
    expect(await ledger.tasks.claim(request({ runId: OTHER_RUN }))).toMatchObject({ claimed: true });
  });

  it('records a failure with its error and the last log lines', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    const error = { name: 'TypeError', message: 'no trim\nsecond line', stack: 's', at: 'tasks/1_a.ts:14' };

    await ledger.tasks.finish(claim, { state: 'failed', error, logs: ['a', 'b'] }, at(5));

    const record = await ledger.record();
    expect(record).toMatchObject({ state: 'failed', error, logs: ['a', 'b'] });
    expect(record.summary).toBe('failed at 2026-11-20 09:15 UTC (attempt 1): TypeError: no trim');
    expect(record.history).toMatchObject([{ state: 'failed', error: 'TypeError: no trim' }]);
    expect(record).not.toHaveProperty('succeededAt');
  });

  it('keeps the success of before when a person ran the task again and it failed', async () => {
    const ledger = table.open();
    const first = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(first, { state: 'succeeded' }, at(5));
    const again = won(await ledger.tasks.claim(request({ runId: OTHER_RUN, asked: true })));

    await ledger.tasks.finish(again, { state: 'failed', reason: 'no' }, at(9));

    expect(await ledger.record()).toMatchObject({ state: 'failed', succeededAt: at(5), attempt: 2 });
    const deploy = request({ runId: 'c'.repeat(32), now: at(20) });
    expect(await ledger.tasks.claim(deploy)).toMatchObject({ claimed: false });
  });

  it.each(['cancelled', 'in-doubt'] as const)('records who and why for %s', async (state) => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));

    await ledger.tasks.finish(claim, { state, reason: 'why', by: 'ann' }, at(5));

    expect(await ledger.record()).toMatchObject({ state, reason: 'why', by: 'ann' });
    expect((await ledger.record()).history).toMatchObject([{ state, reason: 'why', by: 'ann' }]);
  });

  it('is refused to an invocation whose task was taken over', async () => {
    const ledger = table.open();
    const zombie = won(await ledger.tasks.claim(request()));
    const taker = won(
      await ledger.tasks.claim(request({ runId: OTHER_RUN, now: at(61), leaseUntil: at(120) })),
    );

    expect(await ledger.tasks.finish(zombie, { state: 'succeeded' }, at(62))).toBe(false);
    expect(await ledger.record()).toMatchObject({ state: 'running', owner: taker.token, attempt: 2 });

    expect(await ledger.tasks.finish(taker, { state: 'failed', reason: 'r' }, at(70))).toBe(true);
    expect(await ledger.tasks.finish(zombie, { state: 'succeeded' }, at(71))).toBe(false);
    expect(await ledger.record()).toMatchObject({ state: 'failed' });
  });

  it('is refused to an invocation that has been settled as crashed', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(claim, { state: 'failed', reason: 'crashed' }, at(5));

    expect(await ledger.tasks.finish(claim, { state: 'succeeded' }, at(6))).toBe(false);
    expect(await ledger.record()).toMatchObject({ state: 'failed', finishedAt: at(5) });
    expect((await ledger.record()).history).toHaveLength(1);
  });

  it('keeps the last 20 attempts', async () => {
    const ledger = table.open();
    for (let attempt = 1; attempt <= 23; attempt++) {
      const runId = String(attempt).padStart(32, '0');
      const claim = won(await ledger.tasks.claim(request({ runId })));
      await ledger.tasks.finish(claim, { state: 'failed', reason: 'r' }, at(attempt));
    }

    const { history, attempt } = await ledger.record();
    expect(attempt).toBe(23);
    expect(history.map((entry) => entry.attempt)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 4),
    );
  });

  it('keeps any JSON as the result', async () => {
    const ledger = table.open();
    let version = 0;
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 40 }), async (result) => {
        version += 1;
        const claim = won(await ledger.tasks.claim(request({ task: { version: String(version) } })));

        expect(await ledger.tasks.finish(claim, { state: 'succeeded', result }, at(1))).toBe(true);
        expect((await ledger.record(String(version))).result).toEqual(JSON.parse(JSON.stringify(result)));
      }),
      {
        numRuns: 100,
        examples: [[1e200], [2 ** 70], [{ '': '' }], [JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`)]],
      },
    );
  }, 600_000);
});
