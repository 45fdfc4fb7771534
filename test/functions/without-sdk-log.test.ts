import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, it, vi } from 'vitest';
import { withoutSdkLog } from '../../functions/without-sdk-log.ts';

const log = { debug: () => undefined, info: vi.fn(), warn: () => undefined, error: () => undefined };
let client: DynamoDBClient;

beforeEach(() => {
  log.info.mockClear();
  client = new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    logger: log,
  });
  // Stands for DynamoDB.
  client.middlewareStack.add(
    () => async () => ({ response: {}, output: { $metadata: {}, TableNames: ['users'] } }),
    { step: 'build' },
  );
});

it('is what the SDK logs each request with', async () => {
  await client.send(new ListTablesCommand());

  expect(log.info).toHaveBeenCalledOnce();
});

it('leaves a client that answers and logs nothing', async () => {
  expect(await withoutSdkLog(client).send(new ListTablesCommand())).toMatchObject({ TableNames: ['users'] });

  expect(log.info).not.toHaveBeenCalled();
});
