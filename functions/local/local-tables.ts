import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { createDocumentClient } from '../ledger/document-client.ts';
import { ensureTable, type TableDefinition } from './app-tables.ts';
import { executionsTable } from './executions.ts';
import { LEDGER_TABLE } from './local-dynamo.ts';

const ledgerTable: TableDefinition = {
  TableName: LEDGER_TABLE,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
};

/**
 * Makes the tables that every party on this machine has, unless they are there.
 * @throws PartyError `local-table`
 */
export async function openTables(config: DynamoDBClientConfig): Promise<DynamoDBDocument> {
  const client = createDocumentClient(config);
  try {
    await Promise.all([ensureTable(client, ledgerTable), ensureTable(client, executionsTable)]);
    return client;
  } catch (error) {
    client.destroy();
    throw error;
  }
}
