import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers, in the error format of the service that was called, a call that would have reached real AWS.
 * The status 400 keeps the SDK from trying again.
 */
export function refuseAws(request: IncomingMessage, response: ServerResponse): void {
  const service = serviceOf(request);
  const message = `after-party runs on this machine only, so ${service} was not called: give --with-aws to let tasks reach AWS`;
  const isJson = /json|cbor|octet-stream/.test(request.headers['content-type'] ?? '');
  if (!isJson && (service === 's3' || request.headers['content-type']?.includes('urlencoded'))) {
    const error = `<Error><Code>NoAws</Code><Message>${message}</Message></Error>`;
    const xml = service === 's3' ? error : `<ErrorResponse>${error}</ErrorResponse>`;
    response.writeHead(400, { 'content-type': 'application/xml' }).end(xml);
    return;
  }
  response
    .writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': 'NoAws' })
    .end(JSON.stringify({ __type: 'NoAws', message }));
}

/** From the signature: `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
function serviceOf(request: IncomingMessage): string {
  return /Credential=[^/]+\/[^/]+\/[^/]+\/([\w-]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? 'AWS';
}
