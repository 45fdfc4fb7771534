import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, type PartyOptions } from '../../../bin/party/connect.ts';
import type { PartyRequest } from '../../../bin/party/party-client.ts';
import { partyStatus } from '../command-line.ts';
import { type AwsAnswers, type FakeAws, type StackResource, startFakeAws } from './fake-aws.ts';

const PARTY: StackResource = { type: 'Custom::AfterParty', physicalId: 'Shop-prod-Controller' };
const TABLE: StackResource = { type: 'AWS::DynamoDB::GlobalTable', physicalId: 'users' };
const status = () => ({ v: 1, ok: partyStatus({}) });

let folder: string;
let aws: FakeAws | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'after-party-aws-'));
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_DEFAULT_REGION']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await aws?.stop();
  aws = undefined;
  await rm(folder, { recursive: true });
});

async function open(answers: AwsAnswers, options: PartyOptions = {}, env: NodeJS.ProcessEnv = {}) {
  aws = await startFakeAws(answers);
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url);
  return connect({ stack: 'Shop-prod', ...options }, { cwd: folder, env, onWarning: () => {} });
}

describe('a deployed party', () => {
  it('is asked through the alias for reads, and changed through the function itself', async () => {
    const party = await open({ resources: [[PARTY]], arn: 'arn:aws:iam::1:user/ann', invoke: status });

    await party.ask({ request: 'status' });
    await party.ask({ request: 'skip', names: ['a'], reason: 'x' });
    await party.close();

    expect(aws?.calls).toEqual([
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

    const party = await open({ resources: pages, invoke: status });

    await expect(party.ask({ request: 'status' })).resolves.toEqual(partyStatus({}));
  });

  it('has flags that a person can type again', async () => {
    const given = await open(
      { resources: [[PARTY]], invoke: status },
      { party: 'Tasks', region: 'eu-west-1' },
    );
    await aws?.stop();
    const named = await open({ resources: [[PARTY]] }, { stack: "it's" });
    await aws?.stop();
    const fromVariable = await open(
      { resources: [[PARTY]] },
      { stack: undefined as never },
      { AFTER_PARTY_STACK: 'S' },
    );

    expect(given.flags).toBe(' --stack Shop-prod --party Tasks --region eu-west-1');
    expect(named.flags).toBe(` --stack 'it'\\''s'`);
    expect(fromVariable.flags).toBe('');
  });

  const two = [[PARTY, { ...PARTY, physicalId: 'Shop-prod-Chores' }]];
  const invoke: AwsAnswers['invoke'] = ({ functionName }) => ({
    v: 1,
    ok: partyStatus({ party: functionName === 'Shop-prod-Chores' ? 'Chores' : 'Tasks' }),
  });

  it('is chosen by its name among several', async () => {
    const party = await open({ resources: two, invoke }, { party: 'Chores' });

    await expect(party.ask({ request: 'status' })).resolves.toMatchObject({ party: 'Chores' });
  });

  it.each([
    [undefined, 'several-parties', two],
    ['Cleaning', 'unknown-party', two],
    ['Chores', 'unknown-party', [[PARTY]]],
  ])('is listed when the flags do not choose: %s', async (party, code, resources) => {
    await expect(open({ resources, invoke }, party === undefined ? {} : { party })).rejects.toMatchObject({
      code,
      resolution: expect.stringContaining('--party Tasks'),
    });
  });
});

describe('fails', () => {
  it('without a stack', async () => {
    const place = { cwd: folder, env: {}, onWarning: () => {} };

    await expect(connect({}, place)).rejects.toMatchObject({
      code: 'no-stack-named',
      resolution: expect.stringMatching(/--stack.*AFTER_PARTY_STACK.*--local/),
    });
    await expect(connect({ stack: 'S', withAws: true }, place)).rejects.toMatchObject({ code: 'usage' });
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
    {
      what: 'a stack with nested ones',
      resources: [
        [
          {
            type: 'AWS::CloudFormation::Stack',
            physicalId: 'arn:aws:cloudformation:eu-west-1:1:stack/Shop-Nested-X1/abc',
          },
        ],
      ],
      code: 'no-party',
      words: /--stack: Shop-Nested-X1/,
    },
  ])('for $what', async ({ resources, code, words }) => {
    const error = await open({ resources }).catch((reason: unknown) => reason);

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
    const party = await open({ resources: [[PARTY]], invoke: () => answer });

    const error = await party.ask({ request: 'status' }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code });
    expect(`${(error as Error).message} ${(error as { resolution?: string }).resolution}`).toMatch(words);
  });

  it('to change anything, without permission or without knowing who asks', async () => {
    const denied = await open({
      resources: [[PARTY]],
      arn: 'arn:x',
      invoke: () => ({ error: 'AccessDeniedException' }),
    });
    const change: PartyRequest = { request: 'skip', names: ['a'], reason: 'x' };
    await expect(denied.ask(change)).rejects.toMatchObject({
      code: 'no-permission',
      resolution: expect.stringContaining('grantOperate(role)'),
    });
    await aws?.stop();

    const nobody = await open({ resources: [[PARTY]], invoke: status });
    await expect(nobody.ask(change)).rejects.toMatchObject({ code: 'no-credentials' });
    expect(aws?.calls).toEqual([]);
  });

  it('without a region, credentials, or a known profile', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    await expect(open({})).rejects.toMatchObject({
      code: 'no-region',
      resolution: expect.stringContaining('--region'),
    });
    await aws?.stop();

    vi.stubEnv('AWS_REGION', 'eu-west-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    await expect(open({})).rejects.toMatchObject({
      code: 'no-credentials',
      resolution: expect.stringContaining('--profile'),
    });
    await aws?.stop();

    await expect(open({}, { profile: 'nobody' })).rejects.toMatchObject({
      code: 'no-credentials',
      message: expect.stringContaining('"nobody"'),
    });
  });

  it('where the sign-on has expired', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    const sso = [
      'sso_start_url=https://x.awsapps.com/start',
      'sso_region=eu-west-1',
      'sso_account_id=1',
      'sso_role_name=r',
    ];
    await writeFile(join(folder, 'config'), `[profile signed]\n${sso.join('\n')}\n`);
    await expect(open({}, { profile: 'signed' })).rejects.toMatchObject({
      code: 'no-credentials',
      resolution: 'sign in again: aws sso login --profile signed',
    });
  });

  it('where AWS cannot be reached', async () => {
    const gone = await startFakeAws({});
    await gone.stop();
    vi.stubEnv('AWS_ENDPOINT_URL', gone.url);

    const opened = connect({ stack: 'S' }, { cwd: folder, env: {}, onWarning: () => {} });

    await expect(opened).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('reads a profile and its region', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    await writeFile(
      join(folder, 'config'),
      '[profile shop]\nregion=eu-north-1\naws_access_key_id=a\naws_secret_access_key=b\n',
    );

    const resources = { error: 'ValidationError', message: 'Stack with id Shop-prod does not exist' };

    await expect(open({ resources }, { profile: 'shop' })).rejects.toMatchObject({
      message: expect.stringContaining('eu-north-1'),
    });
  });
});
