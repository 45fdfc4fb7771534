import { describe, expect, it } from 'vitest';
import { type CloudFormationAnswer, responseBody } from '../../../functions/controller/answer.ts';
import { parseCloudFormationEvent } from '../../../functions/controller/cloudformation-event.ts';
import { config } from './party.ts';

const request = {
  requestId: '9b7f1c9c-2b6e-4f0e-9d0f-0c8f3b7b7f0a',
  stackId: config.stackId,
  logicalResourceId: 'TasksRun7F',
  physicalResourceId: 'Shop-prod-TasksController',
};

function sent(answer: CloudFormationAnswer, fields: Partial<typeof request> = {}) {
  const bytes = responseBody({ ...request, ...fields }, answer);
  return { size: bytes.length, body: JSON.parse(Buffer.from(bytes).toString()) };
}

describe('the response', () => {
  it('of a success has the outcome', () => {
    expect(sent({ status: 'SUCCESS', text: '1 of 1 ran' }).body).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: 'Shop-prod-TasksController',
      StackId: config.stackId,
      RequestId: request.requestId,
      LogicalResourceId: 'TasksRun7F',
      Data: { Outcome: '1 of 1 ran' },
    });
  });

  it('of a failure has the reason, which CloudFormation requires', () => {
    expect(sent({ status: 'FAILED', text: 'task 1 failed' }).body).toMatchObject({
      Status: 'FAILED',
      Reason: 'task 1 failed',
    });
  });

  it.each(['a', '漢', '💥', '"', '\\', '\ud83d', '\u0001', '\n'])(
    'is under 4,096 bytes, and the reason under 600 characters: %j',
    (character) => {
      for (const status of ['SUCCESS', 'FAILED'] as const) {
        const { size, body } = sent({ status, text: `x${character.repeat(5_000)}x` });
        expect(size).toBeLessThan(4_096);
        expect([...(body.Reason ?? body.Data.Outcome)].length).toBeLessThanOrEqual(600);
      }
    },
  );

  it('gives way to ids that are longer than any of CloudFormation', () => {
    const { size, body } = sent(
      { status: 'FAILED', text: '💥'.repeat(600) },
      { requestId: 'r'.repeat(2_500) },
    );
    expect(size).toBeLessThan(4_096);
    expect(body.Reason).toMatch(/^💥+…$/u);
  });
});

describe('an event', () => {
  const event = {
    RequestType: 'Update',
    RequestId: request.requestId,
    ResponseURL:
      'https://cloudformation-custom-resource-response-euwest1.s3.amazonaws.com/a?X-Amz-Signature=s3cr3t',
    StackId: config.stackId,
    LogicalResourceId: 'TasksRun7F',
    PhysicalResourceId: 'Shop-prod-TasksController',
    ResourceType: 'Custom::AfterParty',
    // CloudFormation sends every number and boolean as a text.
    ResourceProperties: { ServiceToken: 'arn', ServiceTimeout: '2100', DeployId: '42', Tasks: ['1_a'] },
    OldResourceProperties: { ServiceToken: 'arn', DeployId: '41' },
  };

  it('is taken as CloudFormation sends it', () => {
    expect(parseCloudFormationEvent(event, config)).toMatchObject({
      RequestType: 'Update',
      ResourceProperties: { DeployId: '42' },
    });
  });

  it.each([
    ['of an unknown type', { RequestType: 'Destroy' }, 'RequestType'],
    ['without a request id', { RequestId: '' }, 'RequestId'],
    ['with a request id that leaves the answer no room', { RequestId: 'r'.repeat(5_000) }, 'RequestId'],
    ['without properties', { ResourceProperties: undefined }, 'ResourceProperties'],
    [
      'with a deploy id that is no text',
      { ResourceProperties: { DeployId: 42 } },
      'ResourceProperties.DeployId',
    ],
    ['of another stack', { StackId: config.stackId.replace('Shop', 'Other') }, 'Other-prod'],
    ['with a URL that is no text', { ResponseURL: ['https://evil.example/s3cr3t'] }, 'ResponseURL'],
    ['with a URL to elsewhere', { ResponseURL: 'https://evil.example/s3cr3t' }, 'ResponseURL'],
  ])('%s is refused, without a word of its URL', (_, fields, words) => {
    const attempt = () => parseCloudFormationEvent({ ...event, ...fields }, config);
    expect(attempt).toThrow(words);
    expect(attempt).toThrow(expect.objectContaining({ message: expect.not.stringContaining('s3cr3t') }));
  });
});
