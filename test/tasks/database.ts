import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { PutCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { onTestFinished, vi } from 'vitest';
import { startDynalite } from '../dynalite.ts';

/** A database for one test, which the clients that a task makes find by themselves. */
export interface TestDatabase {
  items(): Promise<Record<string, unknown>[]>;
}

/** Makes a table with these items; the first of `keys` is the hash key. */
export async function startDatabase(
  tableName: string,
  keys: readonly string[],
  items: readonly Record<string, unknown>[],
): Promise<TestDatabase> {
  const dynalite = await startDynalite();
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', String(dynalite.config.endpoint));
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await dynalite.stop();
  });
  await dynalite.client.send(
    new CreateTableCommand({
      TableName: tableName,
      AttributeDefinitions: keys.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: keys.map((name, index) => ({
        AttributeName: name,
        KeyType: index === 0 ? 'HASH' : 'RANGE',
      })),
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists(
    { client: dynalite.client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.1 },
    { TableName: tableName },
  );
  for (const item of items) await dynalite.client.send(new PutCommand({ TableName: tableName, Item: item }));
  return {
    async items() {
      const found: Record<string, unknown>[] = [];
      const pages = paginateScan({ client: dynalite.client }, { TableName: tableName, ConsistentRead: true });
      for await (const page of pages) found.push(...(page.Items ?? []));
      return found;
    },
  };
}
