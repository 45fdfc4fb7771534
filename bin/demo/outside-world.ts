import { once } from 'node:events';
import { appendFile, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { PartyError } from '../../functions/errors.ts';
import { PROFILES } from './shop-tables.ts';

/** A request that the demo's server got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What CloudFormation is told by a custom resource. */
export type CustomResourceResponse =
  | { readonly Status: 'FAILED'; readonly Reason: string }
  | { readonly Status: 'SUCCESS'; readonly Data: { readonly Outcome: string } };

const PRICES = Array.from({ length: 250 }, (_, index) => `SKU-${index + 1},${995 + index * 10}`);
const JOB = 7;
/** The tenant whose roles cannot be changed while it is locked. */
export const LOCKABLE_TENANT = 'initech';
const TENANTS = JSON.stringify(['acme', 'globex', LOCKABLE_TENANT, 'staff']);
const FIGURES = JSON.stringify({ isBusy: false, profiles: PROFILES });

/**
 * Everything that the example tasks talk to, and CloudFormation's response URLs, on one loopback port. Each
 * request is kept in a file, a line of JSON each, so that anybody can check what was sent.
 */
export class OutsideWorld {
  searchIsUp = true;
  tenantIsLocked = true;
  readonly url: string;
  readonly #received: Received[] = [];
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** @param recordFile where the requests are kept; begun anew */
  static async open(recordFile: string): Promise<OutsideWorld> {
    await writeFile(recordFile, '');
    const server = createServer(async (request, response) => {
      const received = { method: request.method ?? '', path: request.url ?? '', body: await text(request) };
      world.#received.push(received);
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
      SHOP_URL: `${this.url}/shop`,
      IDENTITY_URL: `${this.url}/identity`,
      // Where the AWS Parameters and Secrets Lambda extension would listen.
      PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: new URL(this.url).port,
    };
  }

  /** Where CloudFormation would wait for the response to a request. */
  responseUrl(requestId: string): string {
    return `${this.url}${responsePath(requestId)}`;
  }

  hasResponse(requestId: string): boolean {
    return this.#received.some(({ path }) => path === responsePath(requestId));
  }

  /** @throws PartyError `no-response` if the request was not answered */
  responseTo(requestId: string): CustomResourceResponse {
    const response = this.#received.find(({ path }) => path === responsePath(requestId));
    if (response === undefined) throw new PartyError('no-response', 'CloudFormation was not answered');
    return JSON.parse(response.body);
  }

  /** How many mails were sent. */
  get mails(): number {
    return this.#received.filter(({ path }) => path === '/mail').length;
  }

  close(): Promise<void> {
    return this.#close();
  }

  #answer({ method, path }: Received, response: ServerResponse): void {
    const send = (status: number, text?: string): unknown => response.writeHead(status).end(text);
    const job = (state: string): string => JSON.stringify({ id: JOB, state });
    const route = `${method} ${path.replace(/\?.*/, '')}`;
    if (route.startsWith(`PUT ${responsePath('')}`)) send(200);
    else if (route === 'GET /secretsmanager/get') send(200, JSON.stringify({ SecretString: 'demo-token' }));
    else if (route === 'GET /prices.csv') send(200, ['sku,cents', ...PRICES, ''].join('\n'));
    else if (route === 'POST /search/restart') send(this.searchIsUp ? 204 : 503);
    else if (route === 'POST /partner/resyncs') send(202, job('running'));
    else if (route === `GET /partner/resyncs/${JOB}`) send(200, job('finished'));
    else if (route === 'GET /shop/figures') send(200, FIGURES);
    else if (route === 'GET /identity/tenants') send(200, TENANTS);
    else if (route.startsWith('PUT /identity/tenants/')) send(this.#isLocked(path) ? 423 : 204);
    else if (route === 'POST /mail' || route === 'POST /slack') send(202);
    else send(404);
  }

  #isLocked(path: string): boolean {
    return this.tenantIsLocked && path.endsWith(`/${LOCKABLE_TENANT}/roles`);
  }
}

function responsePath(requestId: string): string {
  return `/cloudformation/${requestId}`;
}
