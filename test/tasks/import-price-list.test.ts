import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260112101500_import_price_list.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { startDatabase } from './database.ts';
import { runTask } from './run-task.ts';

async function importList(list: string | number): Promise<unknown> {
  const supplier = await startLoopbackServer(() => (typeof list === 'number' ? list : [200, list]));
  onTestFinished(() => supplier.stop());
  return runTask(task, { env: { PRICES_TABLE: 'prices', PRICE_LIST_URL: `${supplier.url}/prices.csv` } });
}

describe('import_price_list', () => {
  it('writes a price for each row, once, however often it runs', async () => {
    const prices = await startDatabase('prices', ['sku'], [{ sku: 'A-1', cents: 1 }]);

    await importList('sku,cents\nA-1,250\nA-2,990\n');
    const result = await importList('sku,cents\r\nA-1,250\r\nA-2,990\r\n');

    expect(result).toBe('2 rows');
    expect(await prices.items()).toEqual(
      expect.arrayContaining([
        { sku: 'A-1', cents: 250 },
        { sku: 'A-2', cents: 990 },
      ]),
    );
  });

  it.each([
    ['sku,cents\nA-1,250\nA-2,nine\n', 'price list, line 3: "A-2,nine" is not an SKU and a price'],
    ['<html>', 'price list, line 1: expected "sku,cents", not "<html>"'],
    [404, /^HTTP 404 from http/],
  ])('imports nothing from %j', async (list, message) => {
    const prices = await startDatabase('prices', ['sku'], []);

    await expect(importList(list)).rejects.toThrow(message);

    expect(await prices.items()).toEqual([]);
  });
});
