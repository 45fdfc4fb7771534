import { once } from 'node:events';
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { CreateTableCommand, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { createDocumentClient } from '../functions/ledger/index.ts';

/** A DynamoDB in this process. */
export interface Dynalite {
  readonly port: number;
  /** What a client needs to reach it. */
  readonly config: DynamoDBClientConfig;
  readonly client: DynamoDBDocument;
  /** Makes a table with the ledger's keys. */
  createTable(tableName: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startDynalite(): Promise<Dynalite> {
  const server = dynalite({ createTableMs: 0 });
  const settle = handOverWholeRequests(server);
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
      await settle();
      client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * Dynalite throws where nobody can catch it at a request that breaks off, and at one that finds its database closed.
 * @returns has those that are under way answered, and no others
 */
function handOverWholeRequests(server: Server): () => Promise<void> {
  const [answer] = server.listeners('request');
  const underWay = new Set<Promise<void>>();
  let isOver = false;

  async function handOver(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, headers } = request;
    const body = await buffer(request);
    const whole = Object.assign(Readable.from([body]), { method, url, headers });
    // Also a client that has gone is answered at last.
    const answered = Promise.withResolvers<void>();
    const end = (text?: string) => {
      answered.resolve();
      return ServerResponse.prototype.end.call(response, text, 'utf8');
    };
    answer?.call(server, whole, Object.assign(response, { end }));
    await answered.promise;
  }

  server.removeAllListeners('request').on('request', (request, response) => {
    if (isOver) return response.destroy();
    const handing = handOver(request, response)
      .catch(() => response.destroy())
      .then(() => void underWay.delete(handing));
    underWay.add(handing);
  });
  return async () => {
    isOver = true;
    await Promise.all(underWay);
  };
}
