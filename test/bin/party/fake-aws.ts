import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface StackResource {
  readonly type: string;
  readonly physicalId?: string;
  readonly status?: string;
}

/** What the services answer; an error has the name that AWS gives it. */
export interface AwsAnswers {
  /** Pages of the stack's resources. */
  readonly resources?:
    | readonly (readonly StackResource[])[]
    | { readonly error: string; readonly message: string };
  /** Pages of the resources of stacks that have others. */
  readonly nested?: Readonly<Record<string, readonly (readonly StackResource[])[]>>;
  /** A function's answer, or its failure. */
  readonly invoke?: (
    call: LambdaCall,
  ) => unknown | { readonly functionError: unknown } | { readonly error: string };
  readonly arn?: string;
}

export interface LambdaCall {
  readonly functionName: string;
  readonly qualifier: string | null;
  readonly request: { readonly request: string };
}

export interface FakeAws {
  readonly url: string;
  readonly calls: readonly LambdaCall[];
  stop(): Promise<void>;
}

/** CloudFormation, Lambda and STS as far as the CLI calls them. */
export async function startFakeAws(answers: AwsAnswers): Promise<FakeAws> {
  const calls: LambdaCall[] = [];
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    const url = new URL(incoming.url ?? '', 'http://aws');
    if (url.pathname.includes('/functions/')) {
      const call = {
        functionName: decodeURIComponent(url.pathname.split('/')[3] ?? ''),
        qualifier: url.searchParams.get('Qualifier'),
        request: JSON.parse(body),
      };
      calls.push(call);
      const given = answers.invoke?.(call);
      const answer = (typeof given === 'object' ? given : {}) as Record<string, unknown>;
      if ('error' in answer && !('v' in answer)) {
        response.writeHead(400, { 'x-amzn-errortype': String(answer.error) });
        response.end(JSON.stringify({ message: `${answer.error} says Lambda` }));
      } else if ('functionError' in answer) {
        response
          .writeHead(200, { 'x-amz-function-error': 'Unhandled' })
          .end(JSON.stringify(answer.functionError));
      } else {
        response.writeHead(200).end(typeof given === 'string' ? given : JSON.stringify(given));
      }
      return;
    }
    const query = new URLSearchParams(body);
    const [status, xml] =
      query.get('Action') === 'GetCallerIdentity'
        ? identity(answers)
        : stackResources(
            answers.nested?.[query.get('StackName') ?? ''] ?? answers.resources,
            query.get('NextToken'),
          );
    response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function identity({ arn }: AwsAnswers): [number, string] {
  return arn === undefined
    ? [403, errorXml('InvalidClientTokenId', 'The security token included in the request is invalid.')]
    : [
        200,
        `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      ];
}

function stackResources(resources: AwsAnswers['resources'] = [[]], token: string | null): [number, string] {
  if ('error' in resources) return [400, errorXml(resources.error, resources.message)];
  const page = Number(token ?? 0);
  const members = (resources[page] ?? []).map(
    ({ type, physicalId, status = 'CREATE_COMPLETE' }, index) =>
      `<member><LogicalResourceId>R${page}${index}</LogicalResourceId><ResourceType>${type}</ResourceType>` +
      `${physicalId === undefined ? '' : `<PhysicalResourceId>${physicalId}</PhysicalResourceId>`}` +
      `<ResourceStatus>${status}</ResourceStatus><LastUpdatedTimestamp>2026-11-20T09:00:00Z</LastUpdatedTimestamp></member>`,
  );
  const next = page + 1 < resources.length ? `<NextToken>${page + 1}</NextToken>` : '';
  return [
    200,
    `<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries>${members.join('')}</StackResourceSummaries>${next}</ListStackResourcesResult></ListStackResourcesResponse>`,
  ];
}

function errorXml(code: string, message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}
