import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CreateTableCommand, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { createDocumentClient } from '../functions/ledger/index.ts';

export const TABLE = 'ledger';

export interface Database {
  readonly client: DynamoDBDocument;
  /** What further clients need to reach it. */
  readonly config: DynamoDBClientConfig;
  readonly process: ChildProcess;
  stop(): void;
}

export async function startDatabase(): Promise<Database> {
  const child = fork(join(import.meta.dirname, 'dynalite-process.ts'), { stdio: 'inherit' });
  const [port] = await once(child, 'message');
  const config: DynamoDBClientConfig = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const client = createDocumentClient(config);
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      AttributeDefinitions: ['pk', 'sk'].map((name) => ({
        AttributeName: name,
        AttributeType: 'S' as const,
      })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  return {
    client,
    config,
    process: child,
    stop() {
      client.destroy();
      child.disconnect();
    },
  };
}

const WRITES = new Set(['PutItemCommand', 'UpdateItemCommand', 'DeleteItemCommand']);

/** Counts what a client sends from now on. */
export function countRequests(client: DynamoDBDocument): { reads: number; writes: number } {
  const counts = { reads: 0, writes: 0 };
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        if (WRITES.has(commandName)) counts.writes += 1;
        else counts.reads += 1;
        return next(args);
      },
    { step: 'finalizeRequest', name: `count-${counter++}` },
  );
  return counts;
}

let counter = 0;
