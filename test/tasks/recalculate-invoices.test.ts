import { describe, expect, it } from 'vitest';
import task from '../../tasks/20260302090000_recalculate_invoices.ts';
import { startDatabase } from './database.ts';
import { runTask } from './run-task.ts';

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

    const result = await runTask(task, { env: { INVOICES_TABLE: 'invoices' }, params: { month: '2026-01' } });

    expect(result).toBe('1 of 2 invoices changed');
    const totals = (await invoices.items()).map(({ number, totalCents }) => [number, totalCents]);
    expect(Object.fromEntries(totals)).toEqual({ 1: 399, 2: 399, 3: 0 });
  });

  it('runs by hand only, for a month', async () => {
    expect(task.when).toBe('manual');
    expect(await task.params?.['~standard'].validate({ month: '2026-01' })).not.toHaveProperty('issues');
    expect(await task.params?.['~standard'].validate({ month: 'January' })).toHaveProperty('issues');
    expect(await task.params?.['~standard'].validate({})).toHaveProperty('issues');
  });
});
