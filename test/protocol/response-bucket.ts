import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** The body of a custom resource's response. */
export interface CustomResourceResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly Data?: { readonly Outcome: string };
}

export interface ReceivedPut {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  readonly response: CustomResourceResponse;
  /** What the bucket said. */
  readonly status: number | 'reset';
}

/** The S3 bucket of CloudFormation, as an HTTP server; each URL answers by its script, then with 200. */
export class ResponseBucket {
  readonly host: string;
  /** In every URL, as its signature: it must turn up nowhere else. */
  readonly marker: string = randomBytes(12).toString('hex');
  readonly #server;
  readonly #puts = new Map<string, ReceivedPut[]>();
  readonly #scripts = new Map<string, ReceivedPut['status'][]>();
  readonly #waiting = new Map<string, (response: CustomResourceResponse) => void>();
  #urls = 0;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', async (request, response) => {
      const body = await buffer(request);
      this.#receive(request.method ?? '', `${this.host}${request.url}`, request.headers, body, response);
    });
  }

  static async start(): Promise<ResponseBucket> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ResponseBucket(server);
  }

  /** A URL for one response; `script` is what the first tries come to. */
  url(...script: ReceivedPut['status'][]): string {
    this.#urls += 1;
    const url = `${this.host}/stack%7CRun%7C${this.#urls}?X-Amz-Signature=${this.marker}`;
    this.#scripts.set(url, script);
    this.#puts.set(url, []);
    return url;
  }

  puts(url: string): readonly ReceivedPut[] {
    return this.#puts.get(url) ?? [];
  }

  /** The first response that the bucket took. */
  taken(url: string): Promise<CustomResourceResponse> {
    const found = this.puts(url).find(({ status }) => status === 200);
    if (found !== undefined) return Promise.resolve(found.response);
    return new Promise((resolve) => this.#waiting.set(url, resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #receive(
    method: string,
    url: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
    response: ServerResponse,
  ): void {
    const status = this.#scripts.get(url)?.shift() ?? 200;
    const parsed = JSON.parse(body.toString()) as CustomResourceResponse;
    this.#puts.get(url)?.push({ method, headers, bytes: body.length, response: parsed, status });
    if (status === 'reset') response.destroy();
    else response.writeHead(status).end();
    if (status === 200) this.#waiting.get(url)?.(parsed);
  }
}
