import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Correction, TaskOutcome } from '../../../functions/ledger/index.ts';
import { at, RUN, TestTable } from './open-ledger.ts';
import { recordOf, split, TASK } from './split-ledger.ts';

let table: TestTable;
beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const { version, name } = TASK;
const BY = { version, name, by: 'ann', reason: 'by hand' } as const;

/** A split task whose run has settled it so. */
async function settled(outcome: TaskOutcome) {
  const { ledger } = await split(table);
  await ledger.tasks.settle(await recordOf(ledger), outcome, at(20), { runId: RUN });
  return ledger;
}

describe('correcting a task by one of its children', () => {
  it('makes a success of it, with its result, that children can be chosen of later', async () => {
    const ledger = await settled({ state: 'failed', reason: '1 of 3 failed', progress: { done: 2 } });
    const task = await recordOf(ledger);
    const outcome = { state: 'succeeded', result: { keys: 3 }, progress: { done: 3 } } as const;
    await ledger.tasks.correct(
      { ...BY, kind: 'mark-done', child: { name: 'key "b"', outcome, task } },
      at(30),
    );

    const corrected = await ledger.record();
    expect(corrected).toMatchObject({
      ...{ state: 'succeeded', result: { keys: 3 }, succeededAt: at(30), progress: { done: 3 } },
      ...{ attempt: 1, lastRun: RUN, children: task.children },
      summary: 'marked as done: key "b" at 2026-11-20 09:15 UTC by ann: by hand',
    });
    expect(corrected).not.toHaveProperty('reason');
    expect(corrected.history.at(-1)).toEqual({
      ...{ attempt: 1, state: 'marked as done: key "b"', at: at(30), by: 'ann', reason: 'by hand' },
    });
  });

  it('takes a success back', async () => {
    const ledger = await settled({ state: 'succeeded', result: '3 keys' });
    const task = await recordOf(ledger);
    const outcome = { state: 'interrupted', reason: '1 of 3 left' } as const;
    await ledger.tasks.correct({ ...BY, kind: 'reset', child: { name: 'key "b"', outcome, task } }, at(30));

    const corrected = await ledger.record();
    expect(corrected).toMatchObject({ state: 'interrupted', reason: '1 of 3 left', children: task.children });
    expect(corrected).not.toHaveProperty('succeededAt');
    expect(corrected).not.toHaveProperty('result');
  });

  it('is refused where the task is no longer what it was judged by', async () => {
    const ledger = await settled({ state: 'failed', reason: '1 of 3 failed' });
    const task = await recordOf(ledger);
    await ledger.tasks.setRate(version, 5);
    const outcome = { state: 'succeeded' } as const;
    const correction: Correction = { ...BY, kind: 'mark-done', child: { name: 'key "b"', outcome, task } };
    await expect(ledger.tasks.correct(correction, at(30))).rejects.toMatchObject({ code: 'held' });
    expect((await ledger.record()).state).toBe('failed');
  });
});

describe('a task whose children are being executed', () => {
  it.each(['skip', 'mark-done', 'reset', 'pause', 'cancel', 'resume'] as const)(
    'is not corrected by %s, however old it is',
    async (kind) => {
      const { ledger } = await split(table);
      const before = await ledger.record();
      await expect(ledger.tasks.correct({ ...BY, kind }, at(90_000))).rejects.toMatchObject({
        code: 'held',
        message: `task ${version}_${name} has children that are being executed`,
      });
      expect(await ledger.record()).toEqual(before);
    },
  );

  it('is reset all the same where its record is damaged', async () => {
    const { ledger } = await split(table);
    await ledger.edit(`task#${version}`, { attempt: 'many' });
    await ledger.tasks.correct({ ...BY, kind: 'reset' }, at(30));
    expect((await ledger.record()).state).toBe('pending');
  });
});
