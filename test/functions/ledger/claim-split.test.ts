import { afterAll, beforeAll, expect, it } from 'vitest';
import { standing } from '../../../functions/controller/next-step.ts';
import type { RunRecord, SelectedTask, TaskRecord } from '../../../functions/ledger/index.ts';
import { accepted, at, OTHER_RUN, RUN, request, selected, TestTable } from './open-ledger.ts';

let table: TestTable;

beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const children = { of: 'keys', count: 2, parallel: 10, plan: at(-60) } as const;

const whens = ['once', 'every-deploy', 'manual'] as const;
const runs: Partial<RunRecord>[] = [
  { trigger: 'deploy' },
  { trigger: 'run' },
  { trigger: 'invoke' },
  { trigger: 'invoke', fromStart: true },
  { trigger: 'invoke', dryRun: true },
];
const records: Partial<TaskRecord>[] = [
  { state: 'pending' },
  { state: 'succeeded', succeededAt: at(-60), children },
  { state: 'failed', children },
  { state: 'failed', succeededAt: at(-60), children },
  { state: 'interrupted', reason: 'deploy timeout', children },
  { state: 'paused', reason: 'paused', children },
  { state: 'cancelled', reason: 'cancelled', children },
  { state: 'in-doubt', children },
  { state: 'failed' },
  { state: 'interrupted', reason: 'deploy timeout' },
  { state: 'fanned-out', run: OTHER_RUN, startedAt: at(-60), children },
  { state: 'running', run: OTHER_RUN, startedAt: at(-60), leaseUntil: at(-1), children },
  { state: 'running', run: OTHER_RUN, startedAt: at(-60), leaseUntil: at(60), children },
];
const cases = runs.flatMap((run) => whens.map((when) => [JSON.stringify(run), when, run] as const));

/** Whether the claim of a split task is let through that another run has left so. */
async function isClaimed(record: TaskRecord, task: SelectedTask, run: RunRecord): Promise<boolean> {
  const ledger = table.open();
  await ledger.edit(`task#${task.version}`, record);
  const result = await ledger.tasks.claim(
    request({
      task,
      asked: run.trigger === 'invoke',
      ...(run.fromStart ? { fromStart: true } : {}),
      ...(run.dryRun ? { dryRun: true } : {}),
    }),
  );
  return result.claimed;
}

// What is told to be run and cannot be claimed would be told for ever; what is gone on with must not be planned anew.
it.each(cases)(
  'a run %s claims a split task of %s where it is to be planned, and nowhere else',
  async (_, when, fields) => {
    const task = selected({ when, childDelivery: 'at-least-once' });
    const run: RunRecord = { ...accepted(), state: 'running', runId: RUN, selection: [task], ...fields };
    for (const fields of records) {
      const { version, name } = task;
      const record: TaskRecord = {
        ...{ schema: 1, version, name, state: 'pending', summary: 's', attempt: 3, history: [] },
        ...{ lastRun: OTHER_RUN, owner: 'old' },
        ...fields,
      };
      const stands = standing(task, record, run, Date.parse(at(0)));

      expect([record.state, await isClaimed(record, task, run)]).toEqual([record.state, stands === 'ready']);
    }
  },
);
