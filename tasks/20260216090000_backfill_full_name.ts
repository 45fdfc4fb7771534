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
  concurrency: 10,
  // The shop needs the table's capacity as well.
  rate: 25_000,
  pauseWhile: ({ env, signal }) => isBusy(`${env.SHOP_URL}/load`, signal),
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

async function isBusy(url: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`HTTP ${response.status} from ${url}`);
  const { busy } = (await response.json()) as { busy: boolean };
  return busy;
}
