import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { csv } from 'after-party/sources';
import { defineTask } from 'after-party/task';

export const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export default defineTask({
  description: '{{description}}',
  // {{options}}
  concurrency: 10,
  items: ({ env }) =>
    csv({ from: { bucket: `${env.BUCKET_NAME}`, key: `${env.FILE_KEY}` }, columns: ['id', 'cents'] }),
  // All values are texts.
  async process({ id, cents }, { dryRun, env }) {
    if (!/^\d+$/.test(cents)) throw new Error(`"${cents}" is not a price in cents`);
    if (dryRun) return;
    await client.send(new PutCommand({ TableName: `${env.TABLE_NAME}`, Item: { id, cents: Number(cents) } }));
  },
});
