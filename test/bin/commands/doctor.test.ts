import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProgramEnd, runProgramFile } from '../child-program.ts';
import { partyStatus, taskStatus } from '../command-line.ts';
import { type AwsAnswers, type FakeAws, type LambdaCall, startFakeAws } from '../party/fake-aws.ts';

const { version } = createRequire(import.meta.url)('after-party/package.json') as { version: string };
const resources = [[{ type: 'Custom::AfterParty', physicalId: 'Controller' }]];
const arn = 'arn:aws:iam::123456789012:user/ann';

let home: string;
let aws: FakeAws;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'after-party-doctor-'));
});
afterEach(async () => {
  await aws.stop();
  await rm(home, { recursive: true });
});

interface Situation extends AwsAnswers {
  readonly status?: unknown;
  /** What the runner's check comes to, look by look. */
  readonly runner?: unknown[];
}

/** What `doctor` says where AWS answers so. */
async function doctor(
  { status, runner, ...answers }: Situation,
  { env = {}, flags = [] }: { env?: NodeJS.ProcessEnv; flags?: readonly string[] } = {},
): Promise<ProgramEnd> {
  const looks = [...(runner ?? [{ v: 1, ok: { state: 'works', reason: null } }])];
  const invoke = ({ request }: LambdaCall): unknown =>
    request.request === 'status' ? (status ?? told({})) : looks.shift();
  aws = await startFakeAws({ resources, arn, invoke, ...answers });
  return runProgramFile(['doctor', '--stack', 'Shop-prod', ...flags], {
    cwd: home,
    env: {
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      ...env,
    },
  });
}

function told(fields: object): unknown {
  return { v: 1, ok: { ...partyStatus({ packageVersion: version }), ...fields } };
}

describe('doctor', () => {
  it('says what it looked into, where all is well', async () => {
    const runner = ['checking', 'checking', 'works'].map((state) => ({ v: 1, ok: { state, reason: null } }));
    const well = await doctor({ runner });
    const calls = aws.calls.map(({ qualifier, request }) => [request.request, qualifier]);
    await aws.stop();
    const document = JSON.parse((await doctor({}, { flags: ['--json'] })).stdout);

    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout.split('\n').map((line) => line.slice(0, 15).trim())).toEqual([
      ...['✔ node', '· app', '✔ credentials', '✔ stack', '✔ version'],
      ...['✔ permissions', '✔ runner', '✔ tasks', ''],
    ]);
    expect(well.stdout).toContain(arn);
    expect(calls).toEqual([['status', 'status'], ...Array.from({ length: 3 }, () => ['check-runner', null])]);
    expect(document).toMatchObject({ ok: true, checks: expect.any(Array) });
    expect(document.checks.at(-1)).toEqual({
      ...{ check: 'tasks', state: 'ok', resolution: null },
      message: '0 known, none stale or damaged',
    });
  });

  it.each<[string, Situation, NodeJS.ProcessEnv, RegExp[]]>([
    [
      'no credentials',
      {},
      { AWS_ACCESS_KEY_ID: undefined },
      [/✖ credentials {2}no AWS credentials were found/, /→ .*--profile/],
    ],
    ['no region', {}, { AWS_REGION: undefined }, [/✖ credentials {2}no AWS region/, /→ .*--region/]],
    [
      'credentials that AWS refuses',
      { resources: { error: 'InvalidClientTokenId', message: 'The security token is invalid.' } },
      {},
      [/✖ credentials {2}AWS does not accept the credentials/],
    ],
    [
      'a missing stack',
      { resources: { error: 'ValidationError', message: 'Stack with id Shop-prod does not exist' } },
      {},
      [/✔ credentials/, /✖ stack {8}there is no stack "Shop-prod" in eu-west-1/, /→ .*--region/],
    ],
    [
      'a stack without a party',
      { resources: [[{ type: 'AWS::S3::Bucket', physicalId: 'b' }]] },
      {},
      [/✔ credentials/, /✖ stack {8}.*no AfterParty construct/],
    ],
    [
      'no permission to find it',
      { resources: { error: 'AccessDenied', message: 'no' } },
      {},
      [/✖ permissions {2}.*cloudformation:ListStackResources/, /→ .*party\.grantStatus\(role\)/],
    ],
    [
      'no permission to look',
      { invoke: () => ({ error: 'AccessDeniedException' }) },
      {},
      [/✖ permissions {2}.*lambda:InvokeFunction on Controller:status/, /→ .*party\.grantStatus\(role\)/],
    ],
    [
      'no permission to operate',
      { runner: [{ error: 'AccessDeniedException' }] },
      {},
      [
        /✔ stack/,
        /✖ permissions {2}.*lambda:InvokeFunction on Controller:/,
        /→ .*party\.grantOperate\(role\)/,
        /· runner {7}not checked/,
      ],
    ],
    [
      'a construct that is older',
      {
        status: told({ packageVersion: '0.0.9' }),
        runner: [refusal('bad-request', 'what is check-runner?')],
      },
      {},
      [
        new RegExp(`✖ version {6}the construct is older than this program: 0.0.9 .*${version}`),
        /→ deploy with .*npx cdk deploy; .*npm install after-party@0\.0\.9/,
        /· runner {7}not checked/,
      ],
    ],
    [
      'one too old to say its version',
      { status: told({ packageVersion: undefined }) },
      {},
      [/✖ version {6}the construct is older/],
    ],
    [
      'one that is newer',
      { status: told({ packageVersion: '99.0.0' }) },
      {},
      [/✖ version {6}the construct is newer than this program/, /→ npm install after-party@99\.0\.0/],
    ],
    [
      'a controller that breaks off',
      { status: { functionError: { errorType: 'Runtime.OutOfMemory', errorMessage: 'too much' } } },
      {},
      [/✖ controller {3}.*Runtime\.OutOfMemory/, /→ .*aws logs tail/],
    ],
    [
      'a runner without a way to DynamoDB',
      { runner: [{ v: 1, ok: { state: 'unreached', reason: 'no answer' } }] },
      {},
      [/✔ permissions/, /✖ runner {7}the runner cannot reach DynamoDB: no answer/, /→ .*addGatewayEndpoint/],
    ],
    [
      'a runner that does not load',
      { runner: [{ v: 1, ok: { state: 'broken', reason: 'no module' } }] },
      {},
      [/✖ runner {7}the runner cannot be called: no module/],
    ],
    [
      'stale and damaged tasks',
      {
        status: told({
          tasks: [
            taskStatus({ state: 'succeeded' }),
            taskStatus({ version: '2', name: 'left', state: 'stale' }),
            taskStatus({ version: '3', name: 'edited', state: 'damaged' }),
          ],
        }),
      },
      {},
      [
        /✖ tasks {8}2_left is stale/,
        /→ .*npx after-party run --stack Shop-prod; .*show left --stack Shop-prod/,
        /✖ tasks {8}3_edited is damaged/,
      ],
    ],
  ])('finds %s', async (_, situation, env, lines) => {
    const { code, stdout } = await doctor(situation, { env });

    for (const line of lines) expect(stdout).toMatch(line);
    expect(code).toBe(2);
  });

  it('names the region that cdk.out deploys to, where it was looked for in another', async () => {
    await mkdir(join(home, 'cdk.out'));
    await mkdir(join(home, 'tasks'));
    await writeFile(join(home, 'cdk.json'), '{}');
    const artifact = {
      type: 'aws:cloudformation:stack',
      environment: 'aws://123456789012/eu-central-1',
      properties: { stackName: 'Shop-prod', templateFile: 'Shop.json' },
    };
    const Environment = { Variables: { AFTER_PARTY_LEDGER_ID: 'L', AFTER_PARTY_STATE_MACHINE: 'arn' } };
    const Resources = { Fn: { Type: 'AWS::Lambda::Function', Properties: { Environment } } };
    await writeFile(join(home, 'cdk.out/manifest.json'), JSON.stringify({ artifacts: { Shop: artifact } }));
    await writeFile(join(home, 'cdk.out/Shop.json'), JSON.stringify({ Resources }));

    const missing = { error: 'ValidationError', message: 'Stack with id Shop-prod does not exist' };
    const { code, stdout } = await doctor({ resources: missing });

    expect(stdout).toMatch(/✖ stack {8}there is no stack "Shop-prod" in eu-west-1/);
    expect(stdout).toMatch(/→ .*--region eu-central-1/);
    expect(code).toBe(2);
  });
});

function refusal(code: string, message: string): unknown {
  return { v: 1, error: { code, message } };
}
