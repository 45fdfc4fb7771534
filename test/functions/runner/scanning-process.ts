import { openSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { createDocumentClient, Ledger, LedgerTable } from '../../../functions/ledger/index.ts';
import { TIMING } from '../../../functions/runner/ports.ts';
import { runnerFor } from '../../../functions/runner/runner.ts';
import { dynamoScan } from '../../../functions/sources/index.ts';
import { defineTask } from '../../../functions/task/index.ts';

const [ledgerId = '', runId = '', journal = ''] = process.argv.slice(2);
// Written at once: what is in it has happened, whenever the process is killed.
const completed = openSync(journal, 'a');

const task = defineTask({
  items: dynamoScan<{ sk: string }>({ TableName: 'items', Limit: 1_000 }),
  concurrency: 16,
  async process({ sk }) {
    for (let turn = Number(sk) % 3; turn > 0; turn--) await nextTurn();
    writeSync(completed, `${sk}\n`);
    return Number(sk) % 2;
  },
});

const file = { version: '1', name: 'task_1', file: '1_task_1.ts', checksum: 'c0ffee' };
const runner = runnerFor(() => ({
  files: [{ ...file, load: async () => ({ default: task }) }],
  ledger: new Ledger(new LedgerTable(createDocumentClient(), 'ledger', ledgerId)),
  environmentName: 'test',
  timeoutSeconds: 900,
  variables: {},
  now: Date.now,
  timing: { ...TIMING, checkpoint: 20 },
  endProcess: async () => process.exit(1),
}));
const context: Partial<Context> = { awsRequestId: 'request', getRemainingTimeInMillis: () => 900_000 };
await runner({ v: 1, runId, versions: ['1'], timeoutSeconds: 900 }, context as Context);
