import { describe, expect, it } from 'vitest';
import type { PartyRequest } from '../../../bin/party/party-client.ts';
import { partyStatus } from '../command-line.ts';
import { AwsPlace } from './aws-place.ts';
import type { AwsAnswers, StackResource } from './fake-aws.ts';

const PARTY: StackResource = { type: 'Custom::AfterParty', physicalId: 'Shop-prod-Controller' };
const TABLE: StackResource = { type: 'AWS::DynamoDB::GlobalTable', physicalId: 'users' };
const status = () => ({ v: 1, ok: partyStatus({}) });

const place = new AwsPlace();
place.setUp();

describe('a deployed party', () => {
  it('is asked through the alias for reads, and changed through the function itself', async () => {
    const party = await place.open({ resources: [[PARTY]], arn: 'arn:aws:iam::1:user/ann', invoke: status });

    await party.ask({ request: 'status' });
    await party.ask({ request: 'skip', names: ['a'], reason: 'x' });
    await party.close();

    expect(place.aws?.calls).toEqual([
      { functionName: 'Shop-prod-Controller', qualifier: 'status', request: { v: 1, request: 'status' } },
      {
        functionName: 'Shop-prod-Controller',
        qualifier: null,
        request: { v: 1, request: 'skip', names: ['a'], reason: 'x', by: 'arn:aws:iam::1:user/ann' },
      },
    ]);
    expect(party.runsGoOn).toBe(true);
  });

  it('is found behind more than a hundred other resources', async () => {
    const pages = [Array(100).fill(TABLE), Array(100).fill(TABLE), [PARTY]];

    const party = await place.open({ resources: pages, invoke: status });

    await expect(party.ask({ request: 'status' })).resolves.toEqual(partyStatus({}));
  });

  it('has flags that a person can type again', async () => {
    const given = await place.open(
      { resources: [[PARTY]], invoke: status },
      { party: 'Tasks', region: 'eu-west-1' },
    );
    const named = await place.open(
      { resources: [[PARTY]], invoke: () => ({ v: 1, ok: partyStatus({ party: "it's" }) }) },
      { party: "it's" },
    );
    const fromVariable = await place.open(
      { resources: [[PARTY]] },
      { stack: undefined as never },
      { AFTER_PARTY_STACK: 'S' },
    );

    expect(given.flags).toBe(' --stack Shop-prod --party Tasks --region eu-west-1');
    expect(named.flags).toBe(` --stack Shop-prod --party 'it'\\''s'`);
    expect(fromVariable.flags).toBe('');
  });

  const two = [[PARTY, { ...PARTY, physicalId: 'Shop-prod-Chores' }]];
  const invoke: NonNullable<AwsAnswers['invoke']> = ({ functionName }) => ({
    v: 1,
    ok: partyStatus({ party: functionName === 'Shop-prod-Chores' ? 'Chores' : 'Tasks' }),
  });

  it('is found in a nested stack', async () => {
    const nested = [
      [
        {
          type: 'AWS::CloudFormation::Stack',
          physicalId: 'arn:aws:cloudformation:eu-west-1:1:stack/Shop-Nested-X1/abc',
        },
      ],
    ];

    const party = await place.open({
      resources: nested,
      nested: { 'Shop-Nested-X1': [[PARTY]] },
      invoke: status,
    });

    await expect(party.ask({ request: 'status' })).resolves.toEqual(partyStatus({}));
    expect(party.flags).toBe(' --stack Shop-prod');
  });

  it('is found by its name though another one may not be asked', async () => {
    const party = await place.open(
      {
        resources: two,
        invoke: (call) =>
          call.functionName === 'Shop-prod-Chores' ? invoke(call) : { error: 'AccessDeniedException' },
      },
      { party: 'Chores' },
    );

    await expect(party.ask({ request: 'status' })).resolves.toMatchObject({ party: 'Chores' });
    await expect(
      place.open({ resources: two, invoke: () => ({ error: 'AccessDeniedException' }) }, { party: 'Tasks' }),
    ).rejects.toMatchObject({ code: 'no-permission' });
  });

  it('is chosen by its name among several', async () => {
    const party = await place.open({ resources: two, invoke }, { party: 'Chores' });

    await expect(party.ask({ request: 'status' })).resolves.toMatchObject({ party: 'Chores' });
  });

  it.each([
    [undefined, 'several-parties', two],
    ['Cleaning', 'unknown-party', two],
    ['Chores', 'unknown-party', [[PARTY]]],
  ])('is listed when the flags do not choose: %s', async (party, code, resources) => {
    await expect(
      place.open({ resources, invoke }, party === undefined ? {} : { party }),
    ).rejects.toMatchObject({
      code,
      resolution: expect.stringContaining('--party Tasks'),
    });
  });
});

describe('fails', () => {
  it.each(['Dev/Shop', '', '1st', 'x'.repeat(129)])('for %j, which is no name of a stack', async (stack) => {
    await expect(place.open({ resources: [[PARTY]] }, { stack })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('is no name of a stack'),
      resolution: expect.stringContaining('npx cdk list --long'),
    });
  });

  it.each([
    {
      what: 'an unknown stack',
      resources: { error: 'ValidationError', message: 'Stack with id Shop-prod does not exist' },
      code: 'no-stack',
      words: /no stack "Shop-prod" in eu-west-1/,
    },
    {
      what: 'a stack that may not be read',
      resources: { error: 'AccessDenied', message: 'User ann is not authorized' },
      code: 'no-permission',
      words: /cloudformation:ListStackResources on stack Shop-prod.*User ann.*grantStatus\(role\)/,
    },
    {
      what: 'another action than was called',
      resources: {
        error: 'AccessDenied',
        message:
          'User: ann is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/shop',
      },
      code: 'no-permission',
      words: /call sts:AssumeRole on arn:aws:iam::1:role\/shop: .*must trust you/,
    },
    {
      what: 'a policy that denies it',
      resources: {
        error: 'AccessDenied',
        message:
          'User: ann is not authorized to perform: cloudformation:ListStackResources on resource: arn:x with an explicit deny in a service control policy',
      },
      code: 'no-permission',
      words:
        /cloudformation:ListStackResources on arn:x.*a grant does not help: ask whoever keeps the service control policy/,
    },
    {
      what: 'expired credentials',
      resources: { error: 'ExpiredToken', message: 'The security token is expired' },
      code: 'no-credentials',
      words: /expired.*aws sso login/,
    },
    {
      what: 'false credentials',
      resources: { error: 'InvalidClientTokenId', message: 'The token is invalid' },
      code: 'no-credentials',
      words: /does not accept.*The token is invalid/,
    },
    {
      what: 'an error of AWS',
      resources: { error: 'InternalFailure', message: 'oops' },
      code: 'aws-error',
      words: /cloudformation:ListStackResources on stack Shop-prod failed: InternalFailure: oops/,
    },
    { what: 'a stack without resources', resources: [[]], code: 'never-deployed', words: /never deployed/ },
    {
      what: 'a stack whose first deploy was rolled back',
      resources: [[{ ...PARTY, status: 'DELETE_COMPLETE' }]],
      code: 'never-deployed',
      words: /rolled back/,
    },
    {
      what: 'a first deploy in progress',
      resources: [[{ ...TABLE, status: 'CREATE_IN_PROGRESS' }]],
      code: 'deploy-in-progress',
      words: /being deployed/,
    },
    {
      what: 'a party whose resource has only begun',
      resources: [[TABLE, { type: 'Custom::AfterParty', status: 'CREATE_IN_PROGRESS' }]],
      code: 'deploy-in-progress',
      words: /being deployed/,
    },
    { what: 'a stack without a party', resources: [[TABLE]], code: 'no-party', words: /new AfterParty/ },
  ])('for $what', async ({ resources, code, words }) => {
    const error = await place.open({ resources }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code });
    expect(`${(error as Error).message} ${(error as { resolution?: string }).resolution}`).toMatch(words);
  });

  it.each([
    {
      what: 'a read that is not allowed',
      answer: { error: 'AccessDeniedException' },
      code: 'no-permission',
      words: /lambda:InvokeFunction on Shop-prod-Controller:status.*grantStatus\(role\)/,
    },
    {
      what: 'a key that may not be used',
      answer: { error: 'KMSAccessDeniedException' },
      code: 'no-permission',
      words: /Shop-prod-Controller:status/,
    },
    {
      what: 'a function that is gone',
      answer: { error: 'ResourceNotFoundException' },
      code: 'no-controller',
      words: /Shop-prod-Controller does not exist any more.*cdk deploy/,
    },
    {
      what: 'a function that breaks off',
      answer: { functionError: { errorType: 'Runtime.ExitError', errorMessage: 'out of memory' } },
      code: 'controller-failed',
      words: /Runtime.ExitError: out of memory.*\/aws\/lambda\/Shop-prod-Controller/,
    },
    { what: 'an answer that is no JSON', answer: '<html>', code: 'bad-answer', words: /version/ },
  ])('to ask, for $what', async ({ answer, code, words }) => {
    const party = await place.open({ resources: [[PARTY]], invoke: () => answer });

    const error = await party.ask({ request: 'status' }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code });
    expect(`${(error as Error).message} ${(error as { resolution?: string }).resolution}`).toMatch(words);
  });

  it('to send more than Lambda takes', async () => {
    const party = await place.open({ resources: [[PARTY]], arn: 'arn:x', invoke: status });
    const params = { list: 'x'.repeat(6 * 1024 * 1024) };

    const asked = party.ask({ request: 'invoke', runId: 'a'.repeat(32), names: ['a'], params });

    await expect(asked).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('6.0 MB'),
    });
    expect(place.aws?.calls).toEqual([]);
  });

  it('to change anything, without permission or without knowing who asks', async () => {
    const denied = await place.open({
      resources: [[PARTY]],
      arn: 'arn:x',
      invoke: () => ({ error: 'AccessDeniedException' }),
    });
    const change: PartyRequest = { request: 'skip', names: ['a'], reason: 'x' };
    await expect(denied.ask(change)).rejects.toMatchObject({
      code: 'no-permission',
      resolution: expect.stringContaining('grantOperate(role)'),
    });
    const nobody = await place.open({ resources: [[PARTY]], invoke: status });
    await expect(nobody.ask(change)).rejects.toMatchObject({ code: 'no-credentials' });
    expect(place.aws?.calls).toEqual([]);
  });
});
