import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { dynamoScan } from 'after-party/sources';
import { defineTask } from 'after-party/task';

interface Item {
  readonly id: string;
  readonly status?: string;
}

export const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export default defineTask({
  description: '{{description}}',
  // {{options}}
  concurrency: 10,
  items: ({ env }) => dynamoScan<Item>({ TableName: `${env.TABLE_NAME}`, client }),
  // Returns how many items it changed: the result is the sum.
  async process({ id, status }, { dryRun, env }) {
    if (status !== undefined) return 0;
    if (dryRun) return 1;
    await client.send(
      new UpdateCommand({
        TableName: `${env.TABLE_NAME}`,
        Key: { id },
        UpdateExpression: 'SET #status = :status',
        // Somebody may have changed or deleted the item since it was read: then the task fails, and reads it anew.
        ConditionExpression: 'attribute_exists(id) AND attribute_not_exists(#status)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': 'active' },
      }),
    );
    return 1;
  },
});
