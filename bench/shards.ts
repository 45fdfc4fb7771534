import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSplit, Ledger, LedgerTable } from '../functions/ledger/index.ts';
import { ensureTable } from '../functions/local/app-tables.ts';
import { Driver } from '../functions/local/driver.ts';
import { Executions, executionsTable } from '../functions/local/executions.ts';
import type { ManifestTask } from '../functions/manifest.ts';
import { runnerFor } from '../functions/runner/runner.ts';
import { list } from '../functions/sources/index.ts';
import { defineTask } from '../functions/task/index.ts';
import type { Decision, RunnerReport } from '../functions/workflow-messages.ts';
import { startDatabase, TABLE } from './database.ts';
import { benchController, benchRunnerPorts, invocationContext } from './functions.ts';
import { milliseconds, report } from './rounds.ts';

/** What all shards of a task wait for, whatever their number. */
const ITEMS = 6_400;
const WAIT_MS = 20;
const SHARDS = 16;

const database = await startDatabase();
await ensureTable(database.client, executionsTable);

/**
 * A task that goes through the items, from the first claim of a shard to the last finish. The driver, the controller
 * and the runner are the real ones, in this process: how long a runner takes to start is no matter of theirs.
 */
async function goThrough(items: number, shards: number): Promise<number> {
  const version = String(shards);
  const [runId, ledgerId] = [randomBytes(16).toString('hex'), `Sharded-${items}-${shards}`];
  const ledger = new Ledger(new LedgerTable(database.client, TABLE, ledgerId));
  const task = defineTask({
    shards,
    parallel: shards,
    items: ({ shard }) => list(Array.from({ length: items / shard.count }, (_, item) => item)),
    process: () => sleep(WAIT_MS),
  });
  const about = { version, name: 'wait', file: `${version}_wait.ts`, checksum: 'c'.repeat(64) };
  const handler = runnerFor(() =>
    benchRunnerPorts([{ ...about, load: async () => ({ default: task }) }], ledger),
  );
  const driver: Driver = new Driver({
    decide: async (message) => (await controller(message, { functionName: 'controller' })) as Decision,
    runner: async () => ({
      invoke: async ({ work, requestId }) => ({
        report: (await handler(work, invocationContext(requestId))) as RunnerReport,
      }),
      end: async () => undefined,
    }),
    runnersAtOnce: SHARDS,
    executions: new Executions(database.client, 'bench', 'bench'),
  });
  const manifest: ManifestTask = {
    ...{ ...about, description: 'Wait', when: 'once', delivery: 'at-least-once', splits: 'shards' },
    ...{ iterates: true, tags: [], takesParams: false, secretParams: [] },
  };
  const controller = benchController({ ledger, tasks: [manifest], workflow: driver });
  await controller({ v: 1, request: 'run', runId, by: 'bench' }, { functionName: 'controller' });
  await driver.settled(runId);
  return firstToLast(ledger, version);
}

async function firstToLast(ledger: Ledger, version: string): Promise<number> {
  const record = await ledger.tasks.get(version);
  if (record?.state !== 'succeeded' || !isSplit(record)) throw new Error(`the task is ${record?.state}`);
  const children = ledger.children(version);
  const numbers = Array.from({ length: record.children.count }, (_, index) => index + 1);
  const records = await Promise.all(numbers.map((number) => children.at(number).get(version)));
  const times = (of: 'startedAt' | 'finishedAt') => records.map((child) => Date.parse(child?.[of] ?? ''));
  return Math.max(...times('finishedAt')) - Math.min(...times('startedAt'));
}

await goThrough(SHARDS * 2, SHARDS);
const one = await goThrough(ITEMS, 1);
const many = await goThrough(ITEMS, SHARDS);
database.stop();

report([
  {
    what: `${SHARDS} shards of ${ITEMS.toLocaleString('en')} items that wait ${WAIT_MS} ms each, against one: speed-up`,
    measured: milliseconds(many),
    peer: milliseconds(one),
    ratio: one / many,
    aimAtLeast: 14,
  },
]);
