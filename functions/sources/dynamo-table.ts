import { DescribeTableCommand, type DynamoDBClient, type TableDescription } from '@aws-sdk/client-dynamodb';
import { PartyError } from '../errors.ts';

/** What a Scan or a Query reads. */
export interface TableOrIndex {
  readonly TableName: string;
  readonly IndexName?: string | undefined;
}

/**
 * The names of the attributes that place an item: the table's key and, in an index, the index's too.
 * @throws PartyError `cannot-describe-table` where the role lacks the permission
 */
export async function keyNames(
  client: DynamoDBClient,
  from: TableOrIndex,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const table = await describeTable(client, from, signal);
    const keys = [...(table?.KeySchema ?? []), ...(indexOf(table, from)?.KeySchema ?? [])];
    return [...new Set(keys.flatMap(({ AttributeName }) => AttributeName ?? []))];
  } catch (error) {
    if (!isAccessDenied(error)) throw error;
    throw new PartyError(
      'cannot-describe-table',
      `the key of table ${from.TableName} is not known: ${error.message}`,
      'let the party read the table, as in table.grantReadData(party), or allow dynamodb:DescribeTable on it',
      { cause: error },
    );
  }
}

/** DynamoDB's own count, of the last six hours; undefined where it says nothing. */
export async function approximateCount(
  client: DynamoDBClient,
  from: TableOrIndex,
): Promise<number | undefined> {
  try {
    const table = await describeTable(client, from);
    const { ItemCount } = (from.IndexName === undefined ? table : indexOf(table, from)) ?? {};
    // A table filled since its last count says 0.
    return ItemCount === 0 ? undefined : ItemCount;
  } catch (error) {
    // The count is only for the eye; what a task may read decides elsewhere.
    if (isAccessDenied(error)) return undefined;
    throw error;
  }
}

async function describeTable(
  client: DynamoDBClient,
  { TableName }: TableOrIndex,
  abortSignal?: AbortSignal,
): Promise<TableDescription | undefined> {
  const command = new DescribeTableCommand({ TableName });
  return (await client.send(command, abortSignal && { abortSignal })).Table;
}

function indexOf(
  table: TableDescription | undefined,
  { IndexName }: TableOrIndex,
): Pick<TableDescription, 'KeySchema' | 'ItemCount'> | undefined {
  const indexes = [...(table?.GlobalSecondaryIndexes ?? []), ...(table?.LocalSecondaryIndexes ?? [])];
  return indexes.find((index) => index.IndexName === IndexName);
}

function isAccessDenied(error: unknown): error is Error {
  return error instanceof Error && error.name === 'AccessDeniedException';
}
