import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * Takes the SDK's own log out of a client: it copies all that is sent and received even where nothing is logged,
 * which is a third of the time that a page of small items takes.
 */
export function withoutSdkLog(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.removeByTag('LOGGER');
  return client;
}
