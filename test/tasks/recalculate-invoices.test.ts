import { runTask } from 'after-party/testing';
import { describe, expect, it } from 'vitest';
import task from '../../tasks/20260302090000_recalculate_invoices.ts';
import { startDatabase } from './database.ts';

const env = { INVOICES_TABLE: 'invoices' };
const LINES = [
  { quantity: 2, cents: 150 },
  { quantity: 1, cents: 99 },
];

describe('recalculate_invoices', () => {
  it("corrects the month's wrong totals, and no other month's", async () => {
    const invoices = await startDatabase(
      'invoices',
      ['month', 'number'],
      [
        { month: '2026-01', number: '1', lines: LINES, totalCents: 399 },
        { month: '2026-01', number: '2', lines: LINES, totalCents: 400 },
        { month: '2026-02', number: '3', lines: LINES, totalCents: 0 },
      ],
    );

    const run = await runTask(task, { env, params: { month: '2026-01' } });

    expect(run).toMatchObject({ state: 'succeeded', result: '1 of 2 invoices changed' });
    const totals = (await invoices.items()).map(({ number, totalCents }) => [number, totalCents]);
    expect(Object.fromEntries(totals)).toEqual({ 1: 399, 2: 399, 3: 0 });
  });

  it.each([
    [{ month: 'January' }, 'expected a month such as 2026-01'],
    [{}, 'month'],
  ])('reads nothing for %j', async (params, words) => {
    const run = await runTask(task, { env, params });

    expect(run).toMatchObject({ state: 'failed', error: { message: expect.stringContaining(words) } });
  });

  it('runs by hand only', () => {
    expect(task.when).toBe('manual');
  });
});
