import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openDatabase } from '../../functions/local/database.ts';
import { createProfiles, createShopTables } from './shop-tables.ts';

/** The demo's shop: its tables, in the database on this machine. */
export interface Shop {
  /** Puts the profiles, which are many. */
  addProfiles(): Promise<void>;
  close(): void;
}

/** Makes the tables anew. */
export async function openShop(ledgerFolder: string): Promise<Shop> {
  const database = await openDatabase(ledgerFolder);
  const client = new DynamoDBClient({
    endpoint: database.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const close = (): void => {
    client.destroy();
    database.close();
  };
  try {
    await createShopTables(client);
  } catch (error) {
    close();
    throw error;
  }
  return { addProfiles: () => createProfiles(client), close };
}
