import {
  type AttributeDefinition,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  type GlobalSecondaryIndex,
  type KeySchemaElement,
  type LocalSecondaryIndex,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { messageOf, PartyError } from '../errors.ts';
import type { SynthesizedStack } from './cdk-out.ts';
import { BEGIN_ANEW } from './folder-format.ts';
import { isTable, type TemplateValues } from './template-values.ts';

type Index = GlobalSecondaryIndex & LocalSecondaryIndex;

/** A table as DynamoDB is asked for it. */
export type TableDefinition = CreateTableCommandInput & { readonly TableName: string };

/** The tables of an app, one of each name. */
export function findTables(
  stacks: readonly SynthesizedStack[],
  values: TemplateValues,
): readonly TableDefinition[] {
  const tables = new Map<string, TableDefinition>();
  for (const stack of stacks) {
    for (const [logicalId, { Properties }] of Object.entries(stack.template.Resources)) {
      if (!isTable(logicalId, stack)) continue;
      const name = values.tableName(logicalId, stack);
      if (!tables.has(name)) tables.set(name, definition(name, Properties));
    }
  }
  return [...tables.values()];
}

/**
 * Makes a table, unless it is there.
 * @throws PartyError `local-table` where it is there with other keys, or the embedded database refuses it
 */
export async function ensureTable(client: DynamoDBClient, wanted: TableDefinition): Promise<void> {
  const existing = await describe(client, wanted.TableName);
  if (existing === undefined) return create(client, wanted);
  if (shape(existing) === shape(wanted)) return;
  throw new PartyError(
    'local-table',
    `table ${wanted.TableName} has other keys or indexes in cdk.out than in the database on this machine`,
    BEGIN_ANEW,
  );
}

async function create(client: DynamoDBClient, table: TableDefinition): Promise<void> {
  try {
    await client.send(new CreateTableCommand(table));
  } catch (error) {
    // Another process made it a moment ago.
    if (error instanceof Error && error.name === 'ResourceInUseException') return ensureTable(client, table);
    throw new PartyError(
      'local-table',
      `the database on this machine cannot have table ${table.TableName}: ${messageOf(error)}`,
      undefined,
      { cause: error },
    );
  }
  while ((await describe(client, table.TableName))?.TableStatus !== 'ACTIVE') {
    await new Promise(setImmediate);
  }
}

async function describe(client: DynamoDBClient, name: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

function definition(name: string, properties: Record<string, unknown>): TableDefinition {
  const keys = properties.KeySchema as KeySchemaElement[];
  const local = indexes(properties.LocalSecondaryIndexes);
  const global = indexes(properties.GlobalSecondaryIndexes);
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys,
    AttributeDefinitions: properties.AttributeDefinitions as AttributeDefinition[],
    ...(local.length > 0 && { LocalSecondaryIndexes: local }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global }),
  };
}

/** Without throughput and insights, which mean nothing here. */
function indexes(given: unknown): Index[] {
  return ((given ?? []) as Index[]).map(({ IndexName, KeySchema, Projection }) => ({
    IndexName,
    KeySchema,
    Projection,
  }));
}

/** What cannot change in a table that exists, as text to compare. */
function shape(table: TableDefinition | TableDescription): string {
  const keys = (schema: KeySchemaElement[] = []): string =>
    schema
      .map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`)
      .toSorted()
      .join(', ');
  const types = (table.AttributeDefinitions ?? []).map(
    ({ AttributeName, AttributeType }) => `${AttributeName} ${AttributeType}`,
  );
  const all = [...(table.LocalSecondaryIndexes ?? []), ...(table.GlobalSecondaryIndexes ?? [])];
  const named = all.map(({ IndexName, KeySchema }) => `${IndexName}: ${keys(KeySchema)}`);
  return [keys(table.KeySchema), types.toSorted().join(', '), ...named.toSorted()].join('; ');
}
