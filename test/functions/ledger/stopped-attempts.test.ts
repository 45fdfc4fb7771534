import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Claim, StopRequest } from '../../../functions/ledger/index.ts';
import { at, OTHER_RUN, RUN, request, TestTable, won } from './open-ledger.ts';

let table: TestTable;

beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const VERSION = '20260126080000';
const pause: StopRequest = { kind: 'pause', by: 'ann', at: at(3) };
const cancel: StopRequest = { kind: 'cancel', by: 'ann', at: at(4) };
const stopped = { state: 'interrupted', cursor: { id: 'u-7' }, progress: { done: 7 } } as const;

describe('stopping an attempt', () => {
  it('keeps its place, and no entry in the history where it goes on', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));

    expect(await ledger.tasks.stop(claim, stopped, undefined, at(5))).toBe(true);

    expect(await ledger.record()).toMatchObject({ ...stopped, lastRun: RUN, history: [] });
  });

  it('does not where something is asked that it does not obey, and says what', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    await ledger.tasks.requestStop(VERSION, pause);

    expect(await ledger.tasks.stop(claim, stopped, undefined, at(5))).toEqual({ request: pause });

    expect((await ledger.record()).state).toBe('running');
    await ledger.tasks.requestStop(VERSION, cancel);
    const paused = { ...stopped, state: 'paused' } as const;
    expect(await ledger.tasks.stop(claim, paused, pause, at(6))).toEqual({ request: cancel });
    await ledger.tasks.requestStop(VERSION, pause);
    expect(await ledger.tasks.stop(claim, paused, pause, at(7))).toBe(true);
    expect(await ledger.record()).toMatchObject({ state: 'paused', cursor: { id: 'u-7' } });
  });

  it('is refused to an invocation whose task was taken over', async () => {
    const ledger = table.open();
    const zombie = won(await ledger.tasks.claim(request()));
    await ledger.tasks.claim(request({ runId: OTHER_RUN, now: at(61), leaseUntil: at(120) }));

    expect(await ledger.tasks.stop(zombie, stopped, undefined, at(62))).toBe(false);
    expect((await ledger.record()).state).toBe('running');
  });
});

describe('a claim from the start', () => {
  it('forgets the cursor of an earlier run, and not that of its own', async () => {
    const ledger = table.open();
    await ledger.tasks.stop(won(await ledger.tasks.claim(request())), stopped, undefined, at(5));
    const anew = { runId: OTHER_RUN, asked: true, fromStart: true } as const;

    const claim = won(await ledger.tasks.claim(request(anew)));

    expect(claim).toMatchObject({ cursor: undefined, progress: undefined, lastRun: RUN });
    expect(await ledger.record()).not.toHaveProperty('cursor');
    await ledger.tasks.stop(claim, { ...stopped, cursor: { id: 'u-3' } }, undefined, at(7));
    expect(await ledger.tasks.claim(request(anew))).toMatchObject({
      claimed: false,
      holder: { lastRun: OTHER_RUN },
    });
    const next = won(await ledger.tasks.claim(request({ runId: OTHER_RUN, asked: true })));
    expect(next).toMatchObject({ cursor: { id: 'u-3' }, lastRun: OTHER_RUN });
  });
});

describe('ending a dry run', () => {
  const succeeded = { state: 'succeeded', result: '7 items' } as const;

  it('puts the record back, but for the count of the attempt', async () => {
    const ledger = table.open();
    const first = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(first, { state: 'failed', reason: 'HTTP 503', cursor: 7 }, at(5));
    const before = await ledger.record();
    const claim = won(await ledger.tasks.claim(request({ runId: OTHER_RUN, asked: true })));

    expect(await ledger.tasks.finishDryRun(claim, succeeded, at(9))).toBe(true);

    const { owner, history, ...after } = await ledger.record();
    const { owner: _owner, history: earlier, ...rest } = before;
    expect(after).toEqual({ ...rest, attempt: 2, lastRun: OTHER_RUN });
    expect(owner).toBe(claim.token);
    expect(history).toEqual([
      ...earlier,
      expect.objectContaining({ state: 'dry run: succeeded', reason: '7 items', run: OTHER_RUN, attempt: 2 }),
    ]);
  });

  it('of what never ran leaves it pending, for a deploy to run', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request({ asked: true })));

    await ledger.tasks.finishDryRun(claim, { state: 'failed', reason: 'no' }, at(5));

    expect(await ledger.record()).toMatchObject({ state: 'pending', attempt: 1, lastRun: RUN });
    expect(await ledger.tasks.claim(request({ runId: OTHER_RUN }))).toMatchObject({ claimed: true });
  });

  it.each([false, true])(
    'of what is pending is not made again by a late second call, reset %s',
    async (isReset) => {
      const ledger = table.open();
      const reset = { kind: 'reset', version: VERSION, name: request().task.name, by: 'ann' } as const;
      if (isReset) await ledger.tasks.correct(reset, at(0));
      const dryRun = { asked: true, dryRun: true };
      const claim = won(await ledger.tasks.claim(request(dryRun)));
      await ledger.tasks.finishDryRun(claim, succeeded, at(5));

      expect(await ledger.tasks.claim(request(dryRun))).toMatchObject({ claimed: false });
      const third = { ...dryRun, runId: 'c'.repeat(32) };
      expect(await ledger.tasks.claim(request(third))).toMatchObject({ claimed: true });
    },
  );

  it('of what had broken off leaves it so, and is not made again by a late second call', async () => {
    const ledger = table.open();
    await ledger.tasks.claim(request({ runId: OTHER_RUN }));
    const dryRun = { asked: true, now: at(61), leaseUntil: at(120) };
    const claim = won(await ledger.tasks.claim(request(dryRun)));
    await ledger.tasks.finishDryRun(claim, succeeded, at(70));

    expect(await ledger.record()).toMatchObject({ state: 'running', run: OTHER_RUN, leaseUntil: at(60) });
    expect(await ledger.tasks.claim(request(dryRun))).toMatchObject({ claimed: false });
    const third = { ...dryRun, runId: 'c'.repeat(32) };
    expect(await ledger.tasks.claim(request(third))).toMatchObject({ claimed: true });
  });

  it('is refused to an invocation whose task was taken over', async () => {
    const ledger = table.open();
    const zombie = won(await ledger.tasks.claim(request()));
    await ledger.tasks.claim(request({ runId: OTHER_RUN, now: at(61), leaseUntil: at(120) }));

    expect(await ledger.tasks.finishDryRun(zombie, succeeded, at(62))).toBe(false);
    expect(await ledger.record()).toMatchObject({ state: 'running', run: OTHER_RUN });
  });

  it.each([
    ['succeeded', { state: 'succeeded', result: 1 }, 'succeeded'],
    ['in doubt', { state: 'in-doubt', reason: 'crashed' }, 'in-doubt'],
    ['cancelled', { state: 'cancelled', reason: 'no', cursor: 7 }, 'cancelled'],
    ['going on', { state: 'interrupted', cursor: 7 }, 'interrupted'],
  ] as const)(
    'of what was %s says so again where only a copy of the claim was answered',
    async (_, end, state) => {
      const ledger = table.open();
      await ledger.tasks.finish(won(await ledger.tasks.claim(request())), end, at(5));
      const asked = { asked: true, now: at(6) };
      const dryRun = won(await ledger.tasks.claim(request({ ...asked, runId: OTHER_RUN })));
      await ledger.tasks.finishDryRun(unknowing(dryRun), succeeded, at(7));
      const again = won(await ledger.tasks.claim(request({ ...asked, runId: 'c'.repeat(32) })));

      await ledger.tasks.finishDryRun(unknowing(again), succeeded, at(9));

      const record = await ledger.record();
      expect(record).toMatchObject({ state, summary: `${state}, as it was before a dry run`, attempt: 3 });
      expect(record.cursor).toBe('cursor' in end ? end.cursor : undefined);
      expect(record).not.toHaveProperty('run');
      expect(record).not.toHaveProperty('leaseUntil');
    },
  );

  it('of what never ran leaves it pending there too', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request({ asked: true })));

    await ledger.tasks.finishDryRun(unknowing(claim), succeeded, at(5));

    expect((await ledger.record()).state).toBe('pending');
  });
});

function unknowing(claim: Claim): Claim {
  return { ...claim, previous: 'unknown' };
}
