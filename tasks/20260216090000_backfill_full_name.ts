import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { dynamoScan } from 'after-party/sources';
import { defineTask } from 'after-party/task';

interface Profile {
  id: string;
  first: string;
  last: string;
  fullName?: string;
}

const client = DynamoDBDocumentClient.from(new DynamoDBClient());

export default defineTask({
  description: 'Give every profile a full name',
  background: true,
  shards: 16,
  parallel: 4,
  concurrency: 10,
  // Of all shards together: the shop needs the table's capacity as well.
  rate: 6_000,
  pauseWhile: async ({ env, signal }) => (await ask(`${env.SHOP_URL}/figures`, signal)).isBusy,
  // DynamoDB's own count may be six hours old.
  count: async ({ env, signal }) => (await ask(`${env.SHOP_URL}/figures`, signal)).profiles,
  items: ({ env }) => dynamoScan<Profile>({ TableName: `${env.PROFILES_TABLE}`, client }),
  async process({ id, first, last, fullName }, { env }) {
    if (fullName !== undefined) return 0;
    try {
      await client.send(
        new UpdateCommand({
          TableName: env.PROFILES_TABLE,
          Key: { id },
          UpdateExpression: 'SET fullName = :name',
          ConditionExpression: 'attribute_exists(id) AND attribute_not_exists(fullName)',
          ExpressionAttributeValues: { ':name': `${first} ${last}` },
        }),
      );
      return 1;
    } catch (error) {
      // The customer was faster, and has given a name or left.
      if (error instanceof ConditionalCheckFailedException) return 0;
      throw error;
    }
  },
});

async function ask(url: string, signal: AbortSignal): Promise<{ isBusy: boolean; profiles: number }> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status} from ${url}`);
  return (await response.json()) as { isBusy: boolean; profiles: number };
}
