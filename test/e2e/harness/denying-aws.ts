import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DenyingAws {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Stands in front of MiniStack, which lets everybody do everything, and refuses some requests as AWS does. */
export async function startDenyingAws(
  target: string,
  isDenied: (path: string) => boolean,
): Promise<DenyingAws> {
  const server = createServer((incoming, response) => {
    const { method, url = '/', headers } = incoming;
    if (isDenied(url)) {
      const action = 'lambda:InvokeFunction';
      const Message = `User: arn:aws:iam::000000000000:user/ann is not authorized to perform: ${action} on resource: ${decodeURIComponent(url)}`;
      response
        .writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' })
        .end(JSON.stringify({ Message }));
      incoming.resume();
      return;
    }
    const forwarded = request(new URL(url, target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
