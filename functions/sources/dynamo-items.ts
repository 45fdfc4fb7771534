import { type AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient, NativeAttributeValue, TranslateConfig } from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Json, Shard } from '../task/source.ts';
import { withoutSdkLog } from '../without-sdk-log.ts';
import { fromJson, type KeyJson, keyOf } from './dynamo-key.ts';
import { keyNames, type TableOrIndex } from './dynamo-table.ts';
import { oneAhead } from './one-ahead.ts';

/** An item as a document. */
export type DynamoItem = Record<string, NativeAttributeValue>;

/** A client for documents, with its own ways to read numbers, or a plain one. */
export type DynamoClient = DynamoDBDocumentClient | DynamoDBClient;

export type Attributes = Record<string, AttributeValue>;

export interface Page {
  readonly Items?: Attributes[] | undefined;
  readonly LastEvaluatedKey?: Attributes | undefined;
}

export interface DynamoCursor {
  readonly key: KeyJson;
  /** The share of the scan that the key is of. */
  readonly segment?: Shard | undefined;
}

/** What is read, from where, and how a page of it is fetched. */
export interface DynamoReading extends TableOrIndex {
  readonly client: DynamoDBClient;
  readonly cursor: DynamoCursor | undefined;
  readonly segment: Shard | undefined;
  readonly signal: AbortSignal;
  fetchPage(start: Attributes | undefined, abortSignal: AbortSignal): Promise<Page>;
}

let sharedClient: DynamoDBClient | undefined;

/** The client as one of the low level, which either kind is: keys as documents would lose digits. */
export function lowLevelClient(client: DynamoClient | undefined): DynamoDBClient {
  if (client !== undefined) return client as DynamoDBClient;
  sharedClient ??= withoutSdkLog(new DynamoDBClient());
  return sharedClient;
}

/** `ExpressionAttributeValues` as the client's own settings write them. */
export function marshallValues(
  client: DynamoDBClient,
  values: Record<string, NativeAttributeValue> | undefined,
): Attributes | undefined {
  if (values === undefined) return undefined;
  return marshall(values, { ...translation(client).marshallOptions, convertTopLevelContainer: false });
}

/** The items of all pages as documents, each with the key after which reading goes on. */
export async function* readItems<Item>(reading: DynamoReading): AsyncGenerator<readonly [Item, Json]> {
  const { client, cursor, segment, signal } = reading;
  const options = { ...translation(client).unmarshallOptions, convertWithoutMapWrapper: false };
  let names = cursor && Object.keys(cursor.key);
  for await (const page of oneAhead((closed) => fetchPages(reading, closed), signal)) {
    const items = page.Items ?? [];
    if (items.length === 0) continue;
    names ??= page.LastEvaluatedKey && Object.keys(page.LastEvaluatedKey);
    names ??= await keyNames(client, reading, signal);
    for (const item of items) {
      const key = keyOf(item, names);
      yield [
        unmarshall(item, options) as Item,
        segment === undefined ? { key } : { key, segment: { ...segment } },
      ];
    }
  }
}

async function* fetchPages(reading: DynamoReading, signal: AbortSignal): AsyncGenerator<Page> {
  let start = reading.cursor && fromJson(reading.cursor.key);
  let page = await fetchFirstPage(reading, start, signal);
  yield page;
  while (page.LastEvaluatedKey !== undefined) {
    start = page.LastEvaluatedKey;
    page = await reading.fetchPage(start, signal);
    yield page;
  }
}

async function fetchFirstPage(
  reading: DynamoReading,
  start: Attributes | undefined,
  signal: AbortSignal,
): Promise<Page> {
  try {
    return await reading.fetchPage(start, signal);
  } catch (error) {
    // The key is of another table, index or segment than what is read now.
    if (start !== undefined && error instanceof Error && /start(ing)? ?key/i.test(error.message)) {
      throw new RangeError(
        `the cursor ${JSON.stringify(reading.cursor)} does not fit ${reading.IndexName ?? reading.TableName}: ${error.message}`,
        { cause: error },
      );
    }
    throw error;
  }
}

function translation(
  client: DynamoDBClient & { config: { translateConfig?: TranslateConfig } },
): TranslateConfig {
  return client.config.translateConfig ?? {};
}
