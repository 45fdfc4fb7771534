import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunOutcome } from '../../../functions/ledger/index.ts';
import { accepted, at, RUN, selected, type TestLedger, TestTable } from './open-ledger.ts';

let table: TestTable;
let ledger: TestLedger;

beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const counts = { succeeded: 1, failed: 0, notStarted: 0 };
const success: RunOutcome = {
  state: 'succeeded',
  counts,
  status: 'SUCCESS',
  text: '1 of 1 ran',
  retentionDays: 1,
};
const failure: RunOutcome = {
  state: 'failed',
  counts,
  status: 'FAILED',
  text: 'task 1_a failed',
  retentionDays: 1,
};

async function opened(run: Parameters<typeof accepted>[0] = {}): Promise<TestLedger> {
  ledger = table.open();
  await ledger.runs.accept(accepted(run));
  return ledger;
}

describe('the record of a run', () => {
  it('is written by the first delivery only', async () => {
    await opened({ deployId: 'first' });
    await ledger.runs.accept(accepted({ deployId: 'second' }));

    expect((await ledger.runs.require(RUN)).deployId).toBe('first');
  });

  it('says that an unknown run is not there', async () => {
    ledger = table.open();

    expect(await ledger.runs.get(RUN)).toBeUndefined();
    await expect(ledger.runs.require(RUN)).rejects.toMatchObject({ code: 'unknown-run' });
  });

  it('pins the selection of the first Decide', async () => {
    await opened();
    await ledger.runs.begin(RUN, [selected({ version: '1' })], true);
    await ledger.runs.begin(RUN, [selected({ version: '2' })], false);

    expect(await ledger.runs.require(RUN)).toMatchObject({
      ...{ state: 'running', selection: [{ version: '1' }], sparesStack: true, summary: 'running 1 tasks' },
    });
  });

  it('is not begun again once it has ended', async () => {
    await opened();
    await ledger.runs.settle(accepted(), failure, at(1));
    await ledger.runs.begin(RUN, [selected()], false);

    expect((await ledger.runs.require(RUN)).state).toBe('failed');
  });

  it('keeps the first request to cancel', async () => {
    await opened();

    expect(await ledger.runs.requestCancel(RUN, { cause: 'person', by: 'ann', at: at(1) })).toBe(true);
    expect(await ledger.runs.requestCancel(RUN, { cause: 'delete', by: 'CloudFormation', at: at(2) })).toBe(
      true,
    );

    expect((await ledger.runs.require(RUN)).request).toEqual({ cause: 'person', by: 'ann', at: at(1) });
  });

  it('takes no request to cancel once it has ended, or if there is none', async () => {
    await opened();
    await ledger.runs.settle(accepted(), success, at(1));

    expect(await ledger.runs.requestCancel(RUN, { cause: 'person', by: 'ann', at: at(2) })).toBe(false);
    expect(await ledger.runs.requestCancel('c'.repeat(32), { cause: 'person', by: 'ann', at: at(2) })).toBe(
      false,
    );
    expect((await ledger.runs.require(RUN)).request).toBeUndefined();
    expect(await ledger.runs.get('c'.repeat(32))).toBeUndefined();
  });

  it('keeps the first outcome, and says which that was', async () => {
    await opened();
    const first = await ledger.runs.settle(accepted(), success, at(1));
    const second = await ledger.runs.settle(accepted(), failure, at(2));

    expect(first).toMatchObject({
      ...{ state: 'succeeded', counts, finishedAt: at(1), answer: { status: 'SUCCESS', text: '1 of 1 ran' } },
      summary: 'succeeded at 2026-11-20 09:15 UTC: 1 of 1 ran',
    });
    expect(second).toEqual(first);
  });

  it('is removed some time after its end, and never while it is under way', async () => {
    await opened();
    expect((await ledger.runs.require(RUN)).expiresAt).toBeUndefined();

    const { expiresAt } = await ledger.runs.settle(accepted(), { ...success, retentionDays: 3 }, at(1));

    expect(expiresAt).toBe(Date.parse(at(1)) / 1000 + 3 * 86_400);
  });

  it('loses its secret params when it ends, and keeps the others', async () => {
    const run = accepted({ trigger: 'invoke', params: { month: 3, key: 'XXXX' }, secretParams: ['key'] });
    await opened(run);
    expect((await ledger.runs.require(RUN)).params).toEqual({ month: 3, key: 'XXXX' });

    await ledger.runs.settle(await ledger.runs.require(RUN), success, at(1));

    expect((await ledger.runs.require(RUN)).params).toEqual({ month: 3 });
    expect(JSON.stringify(await ledger.item(RUN, `${ledger.id}#runs`))).not.toContain('XXXX');
  });
});
