import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { createDocumentClient } from '../functions/ledger/index.ts';

/** A DynamoDB in this process. */
export interface Dynalite {
  readonly port: number;
  /** What a client needs to reach it. */
  readonly config: DynamoDBClientConfig;
  readonly client: DynamoDBDocumentClient;
  /** Makes a table with the ledger's keys. */
  createTable(tableName: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startDynalite(): Promise<Dynalite> {
  const server = dynalite({ createTableMs: 0 });
  const underWay = new Set<ServerResponse>();
  server.on('request', (_request, response: ServerResponse) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config: DynamoDBClientConfig = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const client = createDocumentClient(config);
  return {
    port,
    config,
    client,
    async createTable(tableName) {
      const string = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
      await client.send(
        new CreateTableCommand({
          TableName: tableName,
          AttributeDefinitions: [string('pk'), string('sk')],
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      );
      return tableName;
    },
    async stop() {
      // A request that finds its database closed throws where nobody can catch it.
      await Promise.all([...underWay].map((response) => once(response, 'close')));
      client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
