import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';

/** Stands in for S3, path style: ranged reads that may depend on the ETag, and lists. */
export interface S3Server {
  readonly client: S3Client;
  /** The objects of the bucket `files`. */
  readonly objects: Map<string, Buffer>;
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  /** Breaks off in the middle of so many bodies to come. */
  breakOff(bodies: number): void;
  stop(): Promise<void>;
}

const PAGE_SIZE = 7;

export async function startS3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const requests: S3Server['requests'][number][] = [];
  let broken = 0;

  function get(key: string, request: IncomingMessage, response: ServerResponse): unknown {
    const object = objects.get(key);
    if (object === undefined) return refuse(response, 404, key === 'secret' ? 'AccessDenied' : 'NoSuchKey');
    const etag = etagOf(object);
    const condition = request.headers['if-match'];
    if (condition !== undefined && condition !== etag) return refuse(response, 412, 'PreconditionFailed');
    const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (Number(from) >= object.length) return refuse(response, 416, 'InvalidRange');
    const part = object.subarray(Number(from), Number(to) + 1);
    response.writeHead(206, {
      etag,
      'content-length': part.length,
      'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${object.length}`,
    });
    if (broken === 0) return response.end(part);
    broken -= 1;
    return response.write(part.subarray(0, part.length / 2), () => response.destroy());
  }

  function list(query: URLSearchParams, response: ServerResponse): void {
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const keys = [...objects.keys()]
      .filter(
        (key) =>
          key.startsWith(query.get('prefix') ?? '') &&
          Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0,
      )
      .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const page = keys.slice(0, PAGE_SIZE);
    const token =
      keys.length > PAGE_SIZE
        ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>`
        : '';
    const contents = page.map(
      (key) =>
        `<Contents><Key>${encodeURIComponent(key).replaceAll('%20', '+')}</Key><Size>${objects.get(key)?.length}</Size>` +
        `<ETag>&quot;e&quot;</ETag><LastModified>2026-01-05T09:30:00.000Z</LastModified></Contents>`,
    );
    response.end(
      `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${token !== ''}</IsTruncated>${token}${contents.join('')}</ListBucketResult>`,
    );
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3');
    requests.push({ path: pathname, range: request.headers.range });
    const [, bucket = '', ...key] = pathname.split('/');
    if (bucket !== 'files') return refuse(response, 404, 'NoSuchBucket');
    if (searchParams.get('list-type') === '2') return list(searchParams, response);
    get(decodeURIComponent(key.join('/')), request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  return {
    client,
    objects,
    requests,
    breakOff(bodies) {
      broken = bodies;
    },
    async stop() {
      client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const body = `<Error><Code>${code}</Code><Message>${code} it is</Message></Error>`;
  response.writeHead(code === 'AccessDenied' ? 403 : status, { 'content-type': 'application/xml' }).end(body);
}

function etagOf(object: Buffer): string {
  return `"${object.length}-${object.subarray(0, 8).toString('hex')}"`;
}

/** Tokens are opaque to clients; here they are the last key. */
function escaped(key: string): string {
  return key.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
