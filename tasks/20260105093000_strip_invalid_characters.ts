import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { defineTask } from 'after-party/task';

const INVALID = /[\p{Cc}\uFFFD]/gu;

export default defineTask({
  description: 'Strip control characters from the titles',
  async run({ env, signal }) {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient());
    let read = 0;
    let changed = 0;
    for await (const page of paginateScan({ client }, { TableName: env.TITLES_TABLE })) {
      for (const { id, title } of page.Items ?? []) {
        signal.throwIfAborted();
        read += 1;
        const clean = title.replace(INVALID, '');
        if (clean === title) continue;
        await client.send(
          new UpdateCommand({
            TableName: env.TITLES_TABLE,
            Key: { id },
            UpdateExpression: 'SET title = :clean',
            // Somebody may have edited the title since it was read: theirs is the newer one.
            ConditionExpression: 'title = :title',
            ExpressionAttributeValues: { ':clean': clean, ':title': title },
          }),
        );
        changed += 1;
      }
    }
    return `${changed} of ${read.toLocaleString('en')} titles changed`;
  },
});
