import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { csv } from 'after-party/sources';
import { defineTask } from 'after-party/task';

const client = DynamoDBDocumentClient.from(new DynamoDBClient());

export default defineTask({
  description: "Import the supplier's price list",
  concurrency: 5,
  items: ({ env }) => csv({ from: () => download(`${env.PRICE_LIST_URL}`), columns: ['sku', 'cents'] }),
  async process({ sku, cents }, { env }) {
    if (!/^\d+$/.test(cents)) throw new Error(`"${cents}" is not a price in cents`);
    await client.send(new PutCommand({ TableName: env.PRICES_TABLE, Item: { sku, cents: Number(cents) } }));
  },
});

async function download(url: string): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status} from ${url}`);
  return response.body;
}
