import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import { type Json, type ReadPosition, type Source, sourceOf } from '../task/source.ts';
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

const cursorSchema = v.strictObject({ key: keySchema });

/** A Query's input, but for what the source decides itself. `Limit` is the size of a page. */
export interface DynamoQueryOptions
  extends Omit<QueryCommandInput, DecidedOption | 'TableName' | 'KeyConditionExpression'> {
  readonly TableName: string;
  readonly KeyConditionExpression: string;
  /**
   * What reads: a document client, with its own ways to read numbers, or a plain one. All other options are those of the
   * SDK's command, such as `TableName` and `FilterExpression`.
   * @default - a client with the Lambda's region and role
   */
  readonly client?: DynamoClient;
}

/**
 * The items of one partition of a table or an index, as documents, in the order of the sort key.
 *
 * It resumes after any item that passed its `FilterExpression`. One that lets almost nothing pass leaves few such
 * places: then look at the items in the task instead.
 *
 * Reading throws RangeError for a cursor of another source, table, index or partition; PartyError `no-key` where
 * a projection leaves a key attribute out, and `cannot-describe-table` where a table of a single page may not
 * be described.
 * @throws TypeError for options that it decides itself
 */
export function dynamoQuery<Item extends object = DynamoItem>(options: DynamoQueryOptions): Source<Item> {
  refuseDecidedOptions('dynamoQuery', options);
  const { client: given, ExpressionAttributeValues: values, ...input } = options;
  function read({ cursor: json, signal }: ReadPosition): AsyncGenerator<readonly [Item, Json]> {
    const client = lowLevelClient(given);
    const ExpressionAttributeValues = marshallValues(client, values);
    return readItems({
      ...input,
      client,
      cursor: parseCursor(cursorSchema, json, 'dynamoQuery'),
      segment: undefined,
      signal,
      fetchPage: (ExclusiveStartKey, abortSignal) =>
        client.send(new QueryCommand({ ...input, ExpressionAttributeValues, ExclusiveStartKey }), {
          abortSignal,
        }),
    });
  }
  return sourceOf({ splits: false, read });
}
