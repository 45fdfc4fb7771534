import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request that the demo's server got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What CloudFormation is told by a custom resource. */
export interface CustomResourceResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason: string;
  readonly PhysicalResourceId: string;
}

const PRICES = Array.from({ length: 250 }, (_, index) => `SKU-${index + 1},${995 + index * 10}`);
const JOB = 7;

/**
 * Everything that the example tasks talk to, and CloudFormation's response URLs, on one loopback port. Each
 * request is kept in a file, a line of JSON each, so that anybody can check what was sent.
 */
export class OutsideWorld {
  searchIsUp = true;
  readonly url: string;
  readonly received: Received[] = [];
  readonly #close: () => Promise<void>;
  readonly #responses = new Map<string, PromiseWithResolvers<CustomResourceResponse>>();

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async open(recordFile: string): Promise<OutsideWorld> {
    const server = createServer(async (request, response) => {
      const received = { method: request.method ?? '', path: request.url ?? '', body: await text(request) };
      world.received.push(received);
      await appendFile(recordFile, `${JSON.stringify(received)}\n`);
      world.#answer(received, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const world = new OutsideWorld(`http://127.0.0.1:${port}`, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    return world;
  }

  /** The variables that lead the tasks here. */
  get variables(): Record<string, string> {
    return {
      PRICE_LIST_URL: `${this.url}/prices.csv`,
      SEARCH_URL: `${this.url}/search`,
      SEARCH_SECRET: 'demo/search',
      PARTNER_URL: `${this.url}/partner`,
      MAIL_URL: `${this.url}/mail`,
      SLACK_URL: `${this.url}/slack`,
      // Where the AWS Parameters and Secrets Lambda extension would listen, and what it wants to see.
      PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: new URL(this.url).port,
      AWS_SESSION_TOKEN: 'demo',
    };
  }

  /** A response URL, and what is sent to it. */
  expectResponse(requestId: string): { url: string; response: Promise<CustomResourceResponse> } {
    const path = `/cloudformation/${requestId}`;
    const expected = Promise.withResolvers<CustomResourceResponse>();
    this.#responses.set(path, expected);
    return { url: `${this.url}${path}`, response: expected.promise };
  }

  close(): Promise<void> {
    return this.#close();
  }

  #answer({ method, path, body }: Received, response: ServerResponse): void {
    const send = (status: number, text?: string): unknown => response.writeHead(status).end(text);
    const job = (state: string): string => JSON.stringify({ id: JOB, state });
    const route = `${method} ${path.replace(/\?.*/, '')}`;
    const expected = this.#responses.get(path);
    if (expected !== undefined) {
      send(200);
      expected.resolve(JSON.parse(body));
    } else if (route === 'GET /secretsmanager/get') send(200, JSON.stringify({ SecretString: 'demo-token' }));
    else if (route === 'GET /prices.csv') send(200, ['sku,cents', ...PRICES, ''].join('\n'));
    else if (route === 'POST /search/restart') send(this.searchIsUp ? 204 : 503);
    else if (route === 'POST /partner/resyncs') send(202, job('running'));
    else if (route === `GET /partner/resyncs/${JOB}`) send(200, job('finished'));
    else if (route === 'POST /mail' || route === 'POST /slack') send(202);
    else send(404);
  }
}
