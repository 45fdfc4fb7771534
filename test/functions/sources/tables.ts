import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { type Dynalite, startDynalite } from '../../dynalite.ts';

export type Item = Record<string, AttributeValue>;
type KeyType = 'S' | 'N' | 'B';

/** A DynamoDB for the tests of one file. */
export class Tables {
  readonly client: DynamoDBClient;
  readonly #dynalite: Dynalite;
  #made = 0;

  constructor(dynalite: Dynalite) {
    this.#dynalite = dynalite;
    this.client = new DynamoDBClient(dynalite.config);
  }

  /** Makes a table with such a key, and the items in it. */
  async create(
    items: readonly Item[],
    key: Record<string, KeyType> = { id: 'S' },
    indexes: Pick<CreateTableCommandInput, 'GlobalSecondaryIndexes'> & {
      attributes?: Record<string, KeyType>;
    } = {},
  ): Promise<string> {
    this.#made += 1;
    const TableName = `table-${this.#made}`;
    const { attributes = {}, ...secondary } = indexes;
    await this.client.send(
      new CreateTableCommand({
        TableName,
        ...secondary,
        AttributeDefinitions: Object.entries({ ...key, ...attributes }).map(
          ([AttributeName, AttributeType]) => ({
            AttributeName,
            AttributeType,
          }),
        ),
        KeySchema: Object.keys(key).map((AttributeName, index) => ({
          AttributeName,
          KeyType: index === 0 ? 'HASH' : 'RANGE',
        })),
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    let status: string | undefined;
    while (status !== 'ACTIVE') {
      status = (await this.client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus;
    }
    for (let start = 0; start < items.length; start += 25) {
      const requests = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
      await this.client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
    }
    return TableName;
  }

  /** A client for documents that keeps numbers as the text they are. */
  exactClient(): DynamoDBDocumentClient {
    return DynamoDBDocumentClient.from(new DynamoDBClient(this.#dynalite.config), {
      unmarshallOptions: { wrapNumbers: (text) => text },
    });
  }

  stop(): Promise<void> {
    this.client.destroy();
    return this.#dynalite.stop();
  }
}

export function useTables(): () => Tables {
  let tables: Tables;
  beforeAll(async () => {
    tables = new Tables(await startDynalite());
  });
  afterAll(() => tables.stop());
  return () => tables;
}
