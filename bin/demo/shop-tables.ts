import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  paginateListTables,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

type Item = Record<string, unknown>;

interface ShopTable {
  readonly variable: string;
  readonly name: string;
  /** The hash key, and a sort key where there is one. */
  readonly keys: readonly [string, string?];
  readonly items: readonly Item[];
}

const TITLES = 1_000;
/** Every 27th title came in with a bell in it: 37 of 1,000. */
const BROKEN_EVERY = 27;

const PROFILES_TABLE = 'demo-profiles';
export const PROFILES = 10_000;
/** Of every so many customers one signed up before there was a full name. */
const NAMELESS_EVERY = 50;
/** Puts at the same time. */
const LANES = 8;

const TABLES: readonly ShopTable[] = [
  {
    variable: 'TITLES_TABLE',
    name: 'demo-titles',
    keys: ['id'],
    items: Array.from({ length: TITLES }, (_, index) => ({
      id: `t-${index + 1}`,
      title: `Title ${index + 1}${(index + 1) % BROKEN_EVERY === 0 ? '\u0007' : ''}`,
    })),
  },
  {
    variable: 'USERS_TABLE',
    name: 'demo-users',
    keys: ['id'],
    items: [181, 168, 272, 175, 159].map((heightCm, index) => ({ id: `u-${index + 1}`, heightCm })),
  },
  { variable: 'PROFILES_TABLE', name: PROFILES_TABLE, keys: ['id'], items: [] },
  { variable: 'PRICES_TABLE', name: 'demo-prices', keys: ['sku'], items: [] },
  {
    variable: 'INVOICES_TABLE',
    name: 'demo-invoices',
    keys: ['month', 'number'],
    items: Array.from({ length: 12 }, (_, index) => ({
      month: '2026-01',
      number: `${1001 + index}`,
      lines: [{ quantity: index + 1, cents: 250 }],
      totalCents: index % 4 === 0 ? 0 : (index + 1) * 250,
    })),
  },
];

/** The variables that name the tables. */
export const tableVariables: Readonly<Record<string, string>> = Object.fromEntries(
  TABLES.map(({ variable, name }) => [variable, name]),
);

/** Empties the database: whatever an earlier demo left is gone. */
async function removeTables(client: DynamoDBClient): Promise<void> {
  for await (const page of paginateListTables({ client }, {})) {
    for (const name of page.TableNames ?? []) {
      await client.send(new DeleteTableCommand({ TableName: name }));
      await waitUntilTableNotExists({ client, ...SHORTLY }, { TableName: name });
    }
  }
}

/** Makes the tables of a small shop, with something to do for each task, in place of all that was there. */
export async function createShopTables(client: DynamoDBClient): Promise<void> {
  await removeTables(client);
  const documents = DynamoDBDocumentClient.from(client);
  for (const { name, keys, items } of TABLES) {
    const used = keys.filter((key) => key !== undefined);
    await client.send(
      new CreateTableCommand({
        TableName: name,
        AttributeDefinitions: used.map((key) => ({ AttributeName: key, AttributeType: 'S' })),
        KeySchema: used.map((key, index) => ({
          AttributeName: key,
          KeyType: index === 0 ? 'HASH' : 'RANGE',
        })),
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    await waitUntilTableExists({ client, ...SHORTLY }, { TableName: name });
    for (let from = 0; from < items.length; from += BATCH) {
      const puts = items.slice(from, from + BATCH).map((Item) => ({ PutRequest: { Item } }));
      await documents.send(new BatchWriteCommand({ RequestItems: { [name]: puts } }));
    }
  }
}

/** Puts the profiles that there are to backfill; which takes longer than all the other tables. */
export async function createProfiles(client: DynamoDBClient): Promise<void> {
  const documents = DynamoDBDocumentClient.from(client);
  let next = 0;
  const putBatches = async (): Promise<void> => {
    while (next < PROFILES) {
      const from = next;
      next += BATCH;
      const puts = Array.from({ length: BATCH }, (_, index) => ({
        PutRequest: { Item: profile(from + index + 1) },
      }));
      await documents.send(new BatchWriteCommand({ RequestItems: { [PROFILES_TABLE]: puts } }));
    }
  };
  await Promise.all(Array.from({ length: LANES }, putBatches));
}

function profile(number: number): Item {
  const name = { first: 'Customer', last: `No. ${number}` };
  const hasFullName = number % NAMELESS_EVERY !== 0;
  return { id: `p-${number}`, ...name, ...(hasFullName && { fullName: `${name.first} ${name.last}` }) };
}

/** As many items as DynamoDB takes in one call. */
const BATCH = 25;
const SHORTLY = { maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.2 };
