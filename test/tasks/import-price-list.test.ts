import { runTask, type TaskRun } from 'after-party/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startLoopbackServer } from '../loopback-server.ts';
import { startDatabase } from './database.ts';

async function importList(list: string | number): Promise<TaskRun> {
  const supplier = await startLoopbackServer(() => (typeof list === 'number' ? list : [200, list]));
  onTestFinished(() => supplier.stop());
  // With a client of its own, which finds the test's database.
  vi.resetModules();
  const { default: task } = await import('../../tasks/20260112101500_import_price_list.ts');
  return runTask(task, { env: { PRICES_TABLE: 'prices', PRICE_LIST_URL: `${supplier.url}/prices.csv` } });
}

describe('import_price_list', () => {
  it('writes a price for each row, once, however often it runs', async () => {
    const prices = await startDatabase('prices', ['sku'], [{ sku: 'A-1', cents: 1 }]);

    await importList('sku,cents\nA-1,250\nA-2,990\n');
    const run = await importList('sku,cents\r\nA-1,250\r\nA-2,990\r\n');

    expect(run).toMatchObject({ state: 'succeeded', result: '2 items' });
    expect(await prices.items()).toEqual(
      expect.arrayContaining([
        { sku: 'A-1', cents: 250 },
        { sku: 'A-2', cents: 990 },
      ]),
    );
  });

  it('imports the rows before a bad one, names its line, and would go on there', async () => {
    const prices = await startDatabase('prices', ['sku'], []);

    const run = await importList('sku,cents\nA-1,250\nA-2\nA-3,990\n');

    expect(run).toMatchObject({ state: 'failed', processed: 1, progress: { done: 1 } });
    expect(run.error?.message).toContain('the stream, line 3: a row of 1 value');
    expect(run.cursor).toBeDefined();
    expect(await prices.items()).toEqual([{ sku: 'A-1', cents: 250 }]);
  });

  it.each([
    ['sku,cents\nA-2,nine\n', /^"nine" is not a price in cents/],
    ['<html>', /the stream, line 1/],
    [404, /HTTP 404 from http/],
  ])('imports nothing from %j', async (list, message) => {
    const prices = await startDatabase('prices', ['sku'], []);

    const run = await importList(list);

    expect(run).toMatchObject({ state: 'failed', error: { message: expect.stringMatching(message) } });
    expect(await prices.items()).toEqual([]);
  });
});
