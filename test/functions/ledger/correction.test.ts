import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Correction } from '../../../functions/ledger/index.ts';
import { at, OTHER_RUN, RUN, request, selected, TestTable, won } from './open-ledger.ts';

let table: TestTable;

beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

function correction(kind: Correction['kind'], changes: Partial<Correction> = {}): Correction {
  const { version, name } = selected();
  return { kind, version, name, by: 'ann', reason: 'done by hand', ...changes };
}

describe('correcting a record', () => {
  it('skips a task that never ran', async () => {
    const ledger = table.open();

    const record = await ledger.tasks.correct(correction('skip'), at(0));

    expect(record).toEqual(await ledger.record());
    expect(record).toMatchObject({
      ...{ state: 'skipped', by: 'ann', reason: 'done by hand', attempt: 0, finishedAt: at(0) },
      summary: 'skipped at 2026-11-20 09:15 UTC by ann: done by hand',
      history: [{ attempt: 0, state: 'skipped', at: at(0), by: 'ann', reason: 'done by hand' }],
    });
    expect(await ledger.tasks.claim(request())).toMatchObject({ claimed: false });
  });

  it('marks one as done', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(claim, { state: 'in-doubt', reason: 'crashed' }, at(1));

    await ledger.tasks.correct(correction('mark-done'), at(2));

    expect(await ledger.record()).toMatchObject({
      state: 'succeeded',
      succeededAt: at(2),
      attempt: 1,
      lastRun: RUN,
    });
    expect((await ledger.record()).history.map(({ state }) => state)).toEqual(['in-doubt', 'marked as done']);
  });

  it('resets one, so that the next deploy runs it', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(claim, { state: 'succeeded', result: 1 }, at(1));

    await ledger.tasks.correct(correction('reset'), at(2));

    const record = await ledger.record();
    expect(record).toMatchObject({ state: 'pending', resetAt: at(2), attempt: 1 });
    expect(record).not.toHaveProperty('succeededAt');
    expect(record).not.toHaveProperty('result');
    expect(won(await ledger.tasks.claim(request())).attempt).toBe(2);
  });

  it('leaves the success of a task that is skipped on', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(claim, { state: 'succeeded' }, at(1));

    await ledger.tasks.correct(correction('skip'), at(2));

    expect(await ledger.record()).toMatchObject({ state: 'skipped', succeededAt: at(1) });
  });

  it.each(['skip', 'mark-done', 'baseline'] as const)(
    'leaves by %s how long the attempt took that a person says it of',
    async (kind) => {
      const ledger = table.open();
      const claim = won(await ledger.tasks.claim(request()));
      await ledger.tasks.finish(claim, { state: 'in-doubt', reason: 'r' }, at(1));

      await ledger.tasks.correct(correction(kind), at(300));

      expect(await ledger.record()).toMatchObject({ startedAt: at(0), finishedAt: at(1) });
    },
  );

  it.each(['skip', 'mark-done', 'baseline', 'reset'] as const)(
    'refuses to %s a task that is being executed',
    async (kind) => {
      const ledger = table.open();
      await ledger.tasks.claim(request());
      const before = await ledger.record();

      await expect(ledger.tasks.correct(correction(kind), at(60))).rejects.toMatchObject({
        code: 'held',
        message: 'task 20260126080000_restart_search is being executed',
      });
      expect(await ledger.record()).toEqual(before);
    },
  );

  it.each(['skip', 'mark-done', 'baseline', 'reset'] as const)(
    'can %s a task that broke off, whose invocation then has no say',
    async (kind) => {
      const ledger = table.open();
      const claim = won(await ledger.tasks.claim(request()));

      const record = await ledger.tasks.correct(correction(kind), at(61));

      expect(await ledger.tasks.finish(claim, { state: 'failed', reason: 'late' }, at(62))).toBe(false);
      await ledger.tasks.release(claim, at(62));
      expect(await ledger.record()).toEqual(record);
    },
  );

  it('is refused if the task was claimed after it was looked at', async () => {
    const ledger = table.open();
    const failed = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(failed, { state: 'failed', reason: 'r' }, at(1));
    const overtaken = ledger.beforeNextWrite(() => ledger.tasks.claim(request({ runId: OTHER_RUN })));

    await expect(overtaken.tasks.correct(correction('reset'), at(2))).rejects.toMatchObject({
      code: 'held',
      message: 'task 20260126080000_restart_search changed while it was being corrected',
    });
    expect(await ledger.record()).toMatchObject({ state: 'running', run: OTHER_RUN });
  });

  it('is refused if the attempt ended after it was looked at, so that no history is lost', async () => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    const overtaken = ledger.beforeNextWrite(() =>
      ledger.tasks.finish(claim, { state: 'succeeded' }, at(61)),
    );

    await expect(overtaken.tasks.correct(correction('skip'), at(62))).rejects.toMatchObject({ code: 'held' });
    expect(await ledger.record()).toMatchObject({ state: 'succeeded' });
  });

  it.each(['pause', 'cancel'] as const)(
    '%ss what an attempt has left, and keeps how far it came',
    async (kind) => {
      const ledger = table.open();
      const claim = won(await ledger.tasks.claim(request()));
      const progress = { done: 3, total: 9 };
      await ledger.tasks.finish(
        claim,
        { state: 'failed', reason: 'r', cursor: { id: 'u-3' }, progress },
        at(1),
      );
      await ledger.tasks.setRate(claim.version, 5);

      const record = await ledger.tasks.correct(correction(kind, { reason: undefined }), at(2));

      expect(record).toEqual(await ledger.record());
      expect(record).toMatchObject({
        ...{
          state: `${kind === 'pause' ? 'paused' : 'cancelled'}`,
          cursor: { id: 'u-3' },
          progress,
          rate: 5,
        },
        ...{ by: 'ann', attempt: 1, lastRun: RUN, startedAt: at(0), finishedAt: at(1) },
      });
      expect(record.summary).toMatch(/ed at 2026-11-20 09:15 UTC by ann$/);
      expect(record).not.toHaveProperty('reason');
      expect(await ledger.tasks.claim(request({ runId: OTHER_RUN }))).toMatchObject({ claimed: false });
      const asked = won(await ledger.tasks.claim(request({ runId: OTHER_RUN, asked: true })));
      expect(asked).toMatchObject({ cursor: { id: 'u-3' }, progress, rate: 5 });
    },
  );

  it.each([
    ['interrupted', { cursor: 0 }],
    ['pending', {}],
  ] as const)('resumes what was paused as %s, with no reason that would stop a run', async (state, far) => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    await ledger.tasks.finish(claim, { state: 'paused', by: 'ann', reason: 'peak hours', ...far }, at(1));

    const record = await ledger.tasks.correct(correction('resume', { by: 'bob' }), at(2));

    expect(record).toEqual(await ledger.record());
    expect(record).toMatchObject({ state, ...far });
    expect(record).not.toHaveProperty('reason');
    expect(record.history.at(-1)).toMatchObject({ state: 'resumed', by: 'bob', reason: 'done by hand' });
    expect(await ledger.tasks.claim(request({ runId: OTHER_RUN }))).toMatchObject({ claimed: true });
  });

  it('keeps both of two corrections in the history', async () => {
    const ledger = table.open();
    await ledger.tasks.correct(correction('skip'), at(1));
    await ledger.tasks.correct(correction('reset', { by: 'bob', reason: 'after all' }), at(2));

    expect((await ledger.record()).history).toMatchObject([
      { state: 'skipped', by: 'ann', at: at(1) },
      { state: 'reset', by: 'bob', at: at(2), reason: 'after all' },
    ]);
  });
});
