import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { defineTask } from 'after-party/task';
import * as v from 'valibot';

interface Invoice {
  number: string;
  lines: readonly { quantity: number; cents: number }[];
  totalCents: number;
}

export default defineTask({
  description: "Recalculate a month's invoices",
  when: 'manual',
  params: v.object({
    month: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}$/, 'expected a month such as 2026-01')),
  }),
  async run({ env, params: { month }, signal }) {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient());
    const pages = paginateQuery(
      { client },
      {
        TableName: env.INVOICES_TABLE,
        KeyConditionExpression: '#month = :month',
        ExpressionAttributeNames: { '#month': 'month' },
        ExpressionAttributeValues: { ':month': month },
      },
    );
    let read = 0;
    let changed = 0;
    for await (const page of pages) {
      for (const invoice of (page.Items ?? []) as Invoice[]) {
        signal.throwIfAborted();
        read += 1;
        const totalCents = invoice.lines.reduce((sum, line) => sum + line.quantity * line.cents, 0);
        if (totalCents === invoice.totalCents) continue;
        await client.send(
          new UpdateCommand({
            TableName: env.INVOICES_TABLE,
            Key: { month, number: invoice.number },
            UpdateExpression: 'SET totalCents = :total',
            ExpressionAttributeValues: { ':total': totalCents },
          }),
        );
        changed += 1;
      }
    }
    return `${changed} of ${read} invoices changed`;
  },
});
