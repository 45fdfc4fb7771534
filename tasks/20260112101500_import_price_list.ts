import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { defineTask } from 'after-party/task';

const HEADER = 'sku,cents';

export default defineTask({
  description: "Import the supplier's price list",
  async run({ env, signal }) {
    const response = await fetch(`${env.PRICE_LIST_URL}`, { signal });
    if (!response.ok) throw new Error(`HTTP ${response.status} from ${env.PRICE_LIST_URL}`);
    const prices = parsePriceList(await response.text());
    const client = DynamoDBDocumentClient.from(new DynamoDBClient());
    for (const price of prices) {
      signal.throwIfAborted();
      await client.send(new PutCommand({ TableName: env.PRICES_TABLE, Item: price }));
    }
    return `${prices.length} rows`;
  },
});

/** Reads the whole list before anything is written: a bad row imports nothing. */
function parsePriceList(csv: string): { sku: string; cents: number }[] {
  const [header, ...rows] = csv.trimEnd().split(/\r?\n/);
  if (header !== HEADER) throw new Error(`price list, line 1: expected "${HEADER}", not "${header}"`);
  return rows.map((row, index) => {
    const [, sku, cents] = /^([\w-]+),(\d+)$/.exec(row) ?? [];
    if (sku === undefined)
      throw new Error(`price list, line ${index + 2}: "${row}" is not an SKU and a price`);
    return { sku, cents: Number(cents) };
  });
}
