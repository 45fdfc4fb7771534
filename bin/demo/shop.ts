import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openDatabase } from '../../functions/local/database.ts';
import { createProfiles, createShopTables } from './shop-tables.ts';

/** The demo's shop: its tables, in the database on this machine. */
export interface Shop {
  /** Returns once its profiles are there, which are many. */
  readonly hasProfiles: Promise<void>;
  close(): Promise<void>;
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
  const hasProfiles = createProfiles(client);
  return {
    hasProfiles,
    async close() {
      await Promise.allSettled([hasProfiles]);
      close();
    },
  };
}
