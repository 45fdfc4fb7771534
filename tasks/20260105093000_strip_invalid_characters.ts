import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { dynamoScan } from 'after-party/sources';
import { defineTask } from 'after-party/task';

interface Title {
  id: string;
  title: string;
}

const INVALID = /[\p{Cc}\uFFFD]/gu;
const client = DynamoDBDocumentClient.from(new DynamoDBClient());

export default defineTask({
  description: 'Strip control characters from the titles',
  items: ({ env }) => dynamoScan<Title>({ TableName: `${env.TITLES_TABLE}`, client }),
  async processBatch(titles, { env }) {
    const broken = titles.filter(({ title }) => title.search(INVALID) >= 0);
    for (const { id, title } of broken) {
      await client.send(
        new UpdateCommand({
          TableName: env.TITLES_TABLE,
          Key: { id },
          UpdateExpression: 'SET title = :clean',
          // Somebody may have edited the title since it was read: then the next attempt reads it anew.
          ConditionExpression: 'title = :title',
          ExpressionAttributeValues: { ':clean': title.replace(INVALID, ''), ':title': title },
        }),
      );
    }
    return broken.length;
  },
});
