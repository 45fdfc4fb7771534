import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';

/** A bare handler that reads and writes a table. */
export const handler = middy(async () => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  return [client, GetCommand, PutCommand, UpdateCommand, paginateQuery];
});
