import type { Children, Ledger, SplitTask } from '../../../functions/ledger/index.ts';
import { at, RUN, request, selected, type TestLedger, type TestTable, won } from './open-ledger.ts';

export const TASK = selected();
export const PLAN: string = at(10);
export const LATER_PLAN: string = at(500);

export function childOf(ledger: Ledger, number: number) {
  return ledger.children(TASK.version).at(number);
}

/** A claim of a child at second 30 whose lease ends at second 90. */
export function claimOfChild(fields: Parameters<typeof request>[0] = {}) {
  return request({ isChild: true, now: at(30), leaseUntil: at(90), ...fields });
}

export async function plan(ledger: Ledger, keys: readonly string[], time: string = PLAN): Promise<Children> {
  const planning = keys.map((key, index) =>
    ledger.children(TASK.version).plan(TASK, time, index + 1, { key }, time),
  );
  await Promise.all(planning);
  return { of: 'keys', count: keys.length, parallel: 10, plan: time };
}

/** A task that a run has split. */
export async function split(
  table: TestTable,
  keys: readonly string[] = ['a', 'b', 'c'],
): Promise<{ ledger: TestLedger; children: Children }> {
  const ledger = table.open();
  const claim = won(await ledger.tasks.claim(request()));
  const children = await plan(ledger, keys);
  if (!(await ledger.tasks.fanOut(claim, children, PLAN))) throw new Error(`not split in ${RUN}`);
  return { ledger, children };
}

/** The record of a task that was split. */
export async function recordOf(ledger: TestLedger): Promise<SplitTask> {
  return (await ledger.record()) as SplitTask;
}
