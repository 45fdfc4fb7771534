import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refuseAws } from '../../../functions/local/no-aws.ts';

let server: Server;
let endpoint: string;
let requests = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests++;
    refuseAws(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/nonce/aws`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const config = () => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

describe('refuseAws', () => {
  it.each([
    [
      'lambda',
      () => new LambdaClient(config()).send(new InvokeCommand({ FunctionName: 'f', Payload: '{}' })),
    ],
    ['sts', () => new STSClient(config()).send(new GetCallerIdentityCommand({}))],
    ['cloudformation', () => new CloudFormationClient(config()).send(new DescribeStacksCommand({}))],
    ['logs', () => new CloudWatchLogsClient(config()).send(new DescribeLogGroupsCommand({}))],
    ['states', () => new SFNClient(config()).send(new ListStateMachinesCommand({}))],
  ])(
    'names itself, the service %s and the way out in the error that the SDK throws, at once',
    async (service, send) => {
      requests = 0;

      await expect(send()).rejects.toMatchObject({
        name: 'NoAws',
        message: `after-party runs on this machine only, so ${service} was not called: give --with-aws to let tasks reach AWS`,
      });

      expect(requests).toBe(1);
    },
  );

  it.each(['GET', 'PUT'])('answers %s as S3 does', async (method) => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=local/20261120/us-east-1/s3/aws4_request, Signature=0';
    const headers = { authorization, 'content-type': 'text/plain' };

    const response = await fetch(`${endpoint}/bucket/key`, { method, headers });

    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/^<Error><Code>NoAws<\/Code><Message>.*so s3 was not called/);
  });
});
