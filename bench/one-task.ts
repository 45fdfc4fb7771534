import { randomBytes, randomUUID } from 'node:crypto';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { Ledger, LedgerTable, type TaskRecord } from '../functions/ledger/index.ts';
import { TIMING } from '../functions/runner/ports.ts';
import { runnerFor } from '../functions/runner/runner.ts';
import type { Task } from '../functions/task/index.ts';
import { TABLE } from './database.ts';

const RUNNER_SECONDS = 900;

/**
 * Has a runner execute one task from its claim to its record.
 * @param client through which the ledger is written
 */
export async function executeTask(client: DynamoDBDocument, task: Task): Promise<TaskRecord> {
  const ledger = new Ledger(new LedgerTable(client, TABLE, randomUUID()));
  const runId = randomBytes(16).toString('hex');
  const named = { version: '1', name: 'measured' };
  await ledger.runs.accept({
    ...{ schema: 1, runId, trigger: 'deploy', by: 'bench', state: 'running', summary: '' },
    startedAt: new Date().toISOString(),
    selection: [{ ...named, when: 'once', delivery: 'at-least-once', onFailure: 'fail-deploy' }],
  });
  const ports = {
    files: [
      { ...named, file: '1_measured.ts', checksum: 'c'.repeat(64), load: async () => ({ default: task }) },
    ],
    ledger,
    environmentName: 'bench',
    timeoutSeconds: RUNNER_SECONDS,
    variables: {},
    now: Date.now,
    timing: TIMING,
    endProcess: () => Promise.reject(new Error('the task would end the process')),
  };
  const work = { v: 1, runId, versions: ['1'], timeoutSeconds: RUNNER_SECONDS };
  const context: Partial<Context> = {
    awsRequestId: randomUUID(),
    getRemainingTimeInMillis: () => RUNNER_SECONDS * 1000,
  };
  await runnerFor(() => ports)(work, context as Context);
  const record = await ledger.tasks.get('1');
  if (record?.state !== 'succeeded') throw new Error(`the task has not succeeded: ${JSON.stringify(record)}`);
  return record;
}
