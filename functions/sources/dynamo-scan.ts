import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { type Json, type ReadPosition, type Shard, type Source, sourceOf } from '../task/source.ts';
import { parseCursor } from './cursor.ts';
import {
  type DynamoClient,
  type DynamoItem,
  lowLevelClient,
  marshallValues,
  readItems,
} from './dynamo-items.ts';
import { keySchema } from './dynamo-key.ts';
import { type DecidedOption, refuseDecidedOptions } from './dynamo-options.ts';
import { approximateCount } from './dynamo-table.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const cursorSchema = v.strictObject({
  key: keySchema,
  segment: v.optional(v.strictObject({ index: count, count })),
});

/** A Scan's input, but for what the source decides itself. `Limit` is the size of a page. */
export interface DynamoScanOptions extends Omit<ScanCommandInput, DecidedOption | 'TableName'> {
  readonly TableName: string;
  /**
   * What reads: a document client, with its own ways to read numbers, or a plain one. All other options are those of the
   * SDK's command, such as `TableName` and `FilterExpression`.
   * @default - a client with the Lambda's region and role
   */
  readonly client?: DynamoClient;
}

/**
 * All items of a table or an index, as documents. With `shards` it splits itself into segments. Items that are
 * written while it runs may be seen or not; those that were there before and stay are seen once.
 *
 * It resumes after any item that passed its `FilterExpression`. One that lets almost nothing pass leaves few such
 * places: then look at the items in the task instead.
 *
 * Reading throws RangeError for a cursor of another source, table, index or number of shards; PartyError `no-key`
 * where a projection leaves a key attribute out, and `cannot-describe-table` where a table of a single page
 * may not be described.
 * @throws TypeError for options that it decides itself
 */
export function dynamoScan<Item extends object = DynamoItem>(options: DynamoScanOptions): Source<Item> {
  refuseDecidedOptions('dynamoScan', options);
  const { client: given, ExpressionAttributeValues: values, ...input } = options;
  function read({ cursor: json, shard, signal }: ReadPosition): AsyncGenerator<readonly [Item, Json]> {
    const client = lowLevelClient(given);
    const ExpressionAttributeValues = marshallValues(client, values);
    const segments = shard && { Segment: shard.index, TotalSegments: shard.count };
    const cursor = parseCursor(cursorSchema, json, 'dynamoScan');
    if (cursor !== undefined) checkSegment(cursor.segment, shard);
    return readItems({
      ...input,
      client,
      cursor,
      segment: shard,
      signal,
      fetchPage: (ExclusiveStartKey, abortSignal) =>
        client.send(
          new ScanCommand({ ...input, ExpressionAttributeValues, ...segments, ExclusiveStartKey }),
          {
            abortSignal,
          },
        ),
    });
  }
  const reader = { splits: true, read };
  // How many a filter lets pass, nobody knows.
  if (input.FilterExpression !== undefined) return sourceOf(reader);
  return sourceOf({ ...reader, count: () => approximateCount(lowLevelClient(given), input) });
}

/** A key of one segment lies in another, or in none, as soon as their number is another. */
function checkSegment(then: Shard | undefined, now: Shard | undefined): void {
  if (then?.count !== now?.count) {
    throw new RangeError(
      `the cursor is of a scan in ${shards(then)}, but the scan now is in ${shards(now)}: it can only go on in as many as it began with`,
    );
  }
  if (then?.index !== now?.index) {
    throw new RangeError(`the cursor is of shard ${then?.index}, but shard ${now?.index} was given it`);
  }
}

function shards(shard: Shard | undefined): string {
  return shard === undefined ? 'one piece' : `${shard.count} shards`;
}
