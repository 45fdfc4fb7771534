import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  App,
  CfnParameter,
  Duration,
  aws_dynamodb as dynamodb,
  aws_ec2 as ec2,
  aws_lambda as lambda,
  aws_logs as logs,
  NestedStack,
  RemovalPolicy,
  Stack,
  Stage,
} from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseManifest } from '../../functions/manifest.ts';
import type { AfterParty, AfterPartyProps } from '../../lib/index.ts';
import {
  addParty,
  resourceOf,
  shopStack,
  TASK,
  taskModule,
  tasksFolder,
  templateOf,
  temporaryFolder,
  unbundledApp,
  variablesOf,
  writeFiles,
} from './app-under-test.ts';

vi.setConfig({ testTimeout: 60_000 });

function ledgerIn(stack: Stack, keys = ['pk', 'sk']): dynamodb.ITableV2 {
  const [partition = '', sort = ''] = keys;
  return new dynamodb.TableV2(stack, 'Shared', {
    partitionKey: { name: partition, type: dynamodb.AttributeType.STRING },
    sortKey: { name: sort, type: dynamodb.AttributeType.STRING },
  }) as dynamodb.ITableV2;
}

describe('the custom resource', () => {
  it('has the tasks, in version order, and how long CloudFormation waits', () => {
    const tasks = tasksFolder({ '010_b.ts': TASK, 'sub/9_a.ts': TASK, 'README.md': '' });

    const { Properties } = resourceOf(
      templateOf({ tasks, deployTimeout: Duration.minutes(55), deployId: 'abc1234' }),
      'Custom::AfterParty',
    );

    expect(Properties).toEqual({
      ServiceToken: { 'Fn::GetAtt': [expect.stringMatching(/^TasksController/), 'Arn'] },
      ServiceTimeout: '3600',
      DeployId: 'abc1234',
      Tasks: ['9_a', '010_b'],
    });
  });

  it('waits 35 minutes by default', () => {
    expect(resourceOf(templateOf(), 'Custom::AfterParty').Properties.ServiceTimeout).toBe('2100');
  });

  it('shows the outcome in an output, and nothing else of it', () => {
    const template = templateOf();

    const { id } = resourceOf(template, 'Custom::AfterParty');
    expect(template.findOutputs('*')).toEqual({
      TasksResult: expect.objectContaining({ Value: { 'Fn::GetAtt': [id, 'Outcome'] } }),
    });
  });

  it('keeps its logical id and that of its function', () => {
    const template = templateOf();

    expect(resourceOf(template, 'Custom::AfterParty').id).toBe('TasksRunB3A60E61');
    const controller = resourceOf(template, 'AWS::Lambda::Function', 'TasksController');
    expect(controller.id).toBe('TasksControllerB3A60E61');
    expect(controller.Properties).not.toHaveProperty('FunctionName');
  });
});

describe('the deploy id', () => {
  it.each(['JEST_WORKER_ID', 'VITEST', 'NODE_TEST_CONTEXT'])(
    'stays the same in a unit test (%s)',
    (variable) => {
      onlyTestVariable(variable);

      expect(templateOf().toJSON()).toEqual(templateOf().toJSON());
    },
  );

  it('differs with each synth of the CLI, also where a test started it', () => {
    onlyTestVariable('VITEST');
    vi.stubEnv('CDK_OUTDIR', temporaryFolder());
    vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const first = deployId();

    vi.setSystemTime(1_700_000_000_001);

    expect([first, deployId()]).toEqual(['2023-11-14T22:13:20.000Z', '2023-11-14T22:13:20.001Z']);
  });

  it('may be known at deploy only', () => {
    const stack = shopStack();
    addParty(stack, { deployId: new CfnParameter(stack, 'Sha').valueAsString });

    const { Properties } = resourceOf(Template.fromStack(stack), 'Custom::AfterParty');
    expect(Properties.DeployId).toEqual({ Ref: 'Sha' });
  });

  function onlyTestVariable(variable: string): void {
    for (const name of ['JEST_WORKER_ID', 'VITEST', 'NODE_TEST_CONTEXT', 'CDK_OUTDIR'])
      vi.stubEnv(name, undefined);
    vi.stubEnv(variable, '1');
    onTestFinished(() => void vi.unstubAllEnvs());
  }

  function deployId(): unknown {
    return resourceOf(templateOf(), 'Custom::AfterParty').Properties.DeployId;
  }
});

describe('the functions', () => {
  it('run on Node 24 with what they need to know', () => {
    const template = templateOf({ environment: { USERS_TABLE: 'users' } });

    const Table = { Ref: resourceOf(template, 'AWS::DynamoDB::GlobalTable').id };
    expect(variablesOf(template, 'TasksRunner')).toEqual({
      AFTER_PARTY_TABLE: Table,
      AFTER_PARTY_LEDGER_ID: 'Shop/Tasks',
      AFTER_PARTY_ENVIRONMENT: 'Shop',
      AFTER_PARTY_RUNNER_TIMEOUT: '900',
      NODE_OPTIONS: '--enable-source-maps',
      USERS_TABLE: 'users',
    });
    expect(variablesOf(template, 'TasksController')).toEqual({
      AFTER_PARTY_TABLE: Table,
      AFTER_PARTY_LEDGER_ID: 'Shop/Tasks',
      AFTER_PARTY_ENVIRONMENT: 'Shop',
      AFTER_PARTY_RUNNER_TIMEOUT: '900',
      AFTER_PARTY_PARTY: 'Tasks',
      AFTER_PARTY_STACK_ID: { Ref: 'AWS::StackId' },
      AFTER_PARTY_STATE_MACHINE: expect.objectContaining({ 'Fn::Join': expect.anything() }),
      AFTER_PARTY_RUNNER_LOGS: { Ref: expect.stringMatching(/^TasksRunnerLogs/) },
      AFTER_PARTY_DEPLOY_TIMEOUT: '1800',
      AFTER_PARTY_ON_FAILURE: 'fail-deploy',
      AFTER_PARTY_NEW_ENVIRONMENT: 'run',
      AFTER_PARTY_OWNS_LEDGER: 'true',
      AFTER_PARTY_RETENTION_DAYS: '365',
    });
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
    });
  });

  it('take the props', () => {
    const template = templateOf({
      environmentName: 'production',
      timeout: Duration.minutes(5),
      memorySize: 1024,
      architecture: lambda.Architecture.ARM_64,
      deployTimeout: Duration.minutes(10),
      onFailure: 'continue',
      newEnvironment: 'baseline',
      ledgerId: 'shop',
      logRetention: logs.RetentionDays.ONE_WEEK,
    });

    const runner = resourceOf(template, 'AWS::Lambda::Function', 'TasksRunner');
    expect(runner.Properties).toMatchObject({ Timeout: 300, MemorySize: 1024, Architectures: ['arm64'] });
    expect(variablesOf(template, 'TasksRunner')).toMatchObject({
      AFTER_PARTY_ENVIRONMENT: 'production',
      AFTER_PARTY_LEDGER_ID: 'shop',
      AFTER_PARTY_RUNNER_TIMEOUT: '300',
    });
    expect(variablesOf(template, 'TasksController')).toMatchObject({
      AFTER_PARTY_DEPLOY_TIMEOUT: '600',
      AFTER_PARTY_ON_FAILURE: 'continue',
      AFTER_PARTY_NEW_ENVIRONMENT: 'baseline',
      AFTER_PARTY_RETENTION_DAYS: '7',
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });

  it("appends a user's NODE_OPTIONS, and leaves out ours without source maps", () => {
    const environment = { NODE_OPTIONS: '--max-old-space-size=400' };

    expect(variablesOf(templateOf({ environment }), 'TasksRunner').NODE_OPTIONS).toBe(
      '--enable-source-maps --max-old-space-size=400',
    );
    expect(
      variablesOf(templateOf({ environment, bundling: { sourceMap: false } }), 'TasksRunner').NODE_OPTIONS,
    ).toBe('--max-old-space-size=400');
  });

  it('get variables that are added later', () => {
    const stack = shopStack();
    addParty(stack).addEnvironment('LATER', 'yes');

    expect(variablesOf(Template.fromStack(stack), 'TasksRunner').LATER).toBe('yes');
  });

  it('get layers', () => {
    const stack = shopStack();
    const arn = 'arn:aws:lambda:eu-west-1:123456789012:layer:secrets:1';
    addParty(stack, { layers: [lambda.LayerVersion.fromLayerVersionArn(stack, 'Layer', arn)] });

    const { Properties } = resourceOf(Template.fromStack(stack), 'AWS::Lambda::Function', 'TasksRunner');
    expect(Properties.Layers).toEqual([arn]);
  });

  it('have an alias for looking, on the latest code', () => {
    const template = templateOf();

    expect(resourceOf(template, 'AWS::Lambda::Alias').Properties).toEqual({
      Name: 'status',
      FunctionName: { Ref: expect.stringMatching(/^TasksController/) },
      FunctionVersion: '$LATEST',
    });
    template.resourceCountIs('AWS::Lambda::Version', 0);
  });
});

describe('the environment name', () => {
  it('is that of the stage', () => {
    const stack = new Stack(new Stage(unbundledApp(), 'Prod'), 'Shop');
    addParty(stack);

    const variables = variablesOf(Template.fromStack(stack), 'TasksRunner');
    expect(variables.AFTER_PARTY_ENVIRONMENT).toBe('Prod');
    expect(variables.AFTER_PARTY_LEDGER_ID).toBe('Prod-Shop/Tasks');
  });

  it('is that of the root stack in a nested one, whose own name is a token', () => {
    const nested = new NestedStack(shopStack(), 'Nested');
    addParty(nested);

    const variables = variablesOf(Template.fromStack(nested), 'TasksController');
    expect(variables.AFTER_PARTY_ENVIRONMENT).toBe('Shop');
    expect(variables.AFTER_PARTY_LEDGER_ID).toBe('Shop/Nested/Tasks');
    expect(variables.AFTER_PARTY_PARTY).toBe('Tasks');
  });
});

describe('the ledger', () => {
  it('survives the stack, but not a Create that is rolled back', () => {
    const template = templateOf();

    template.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: Match.objectLike({
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        Replicas: [
          Match.objectLike({
            DeletionProtectionEnabled: false,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          }),
        ],
      }),
    });
    template.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'RetainExceptOnCreate' });
  });

  it('can be protected, and go with the stack', () => {
    const template = templateOf({ deletionProtection: true, removalPolicy: RemovalPolicy.DESTROY });

    template.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Delete',
      Properties: Match.objectLike({ Replicas: [Match.objectLike({ DeletionProtectionEnabled: true })] }),
    });
    template.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete' });
  });

  it('is shared by stages, each with a name of its own in it', () => {
    const app = unbundledApp();
    const [test, prod] = ['Test', 'Prod'].map((name) => {
      const stack = new Stack(new Stage(app, name), 'Shop');
      addParty(stack, { ledger: dynamodb.TableV2.fromTableName(stack, 'Ledger', 'ledger') });
      return variablesOf(Template.fromStack(stack), 'TasksController');
    });

    expect(test).toMatchObject({ AFTER_PARTY_TABLE: 'ledger', AFTER_PARTY_LEDGER_ID: 'Test-Shop/Tasks' });
    expect(prod).toMatchObject({ AFTER_PARTY_TABLE: 'ledger', AFTER_PARTY_LEDGER_ID: 'Prod-Shop/Tasks' });
    expect(prod?.AFTER_PARTY_OWNS_LEDGER).toBe('false');
  });

  it('counts as the own one if it is made in the same stack, and else does not', () => {
    const app = unbundledApp();
    const other = new Stack(app, 'Data');
    const stack = new Stack(app, 'Shop');
    addParty(stack, { ledger: ledgerIn(stack) }, 'Mine');
    addParty(stack, { ledger: ledgerIn(other) }, 'Theirs');

    const template = Template.fromStack(stack);
    expect(variablesOf(template, 'MineController').AFTER_PARTY_OWNS_LEDGER).toBe('true');
    expect(variablesOf(template, 'TheirsController').AFTER_PARTY_OWNS_LEDGER).toBe('false');
  });
});

describe('the controller', () => {
  it('knows whether its stack has another party, also one that is added later', () => {
    const app = unbundledApp();
    const [lone, shared] = ['Lone', 'Shared'].map((name) => new Stack(app, name));
    for (const stack of [lone, shared]) addParty(stack as Stack);
    addParty(shared as Stack, {}, 'Chores');

    const of = (stack: Stack | undefined, id: string) => variablesOf(Template.fromStack(stack as Stack), id);
    expect(of(lone, 'TasksController')).not.toHaveProperty('AFTER_PARTY_SHARES_STACK');
    expect(of(shared, 'TasksController').AFTER_PARTY_SHARES_STACK).toBe('true');
    expect(of(shared, 'ChoresController').AFTER_PARTY_SHARES_STACK).toBe('true');
  });
});

describe('the workflow', () => {
  it('has a name that no other deploy of the app has', () => {
    const template = templateOf();

    const { Properties } = resourceOf(template, 'AWS::StepFunctions::StateMachine');
    const StackGuid = { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] };
    expect(Properties.StateMachineName).toEqual({
      'Fn::Join': ['', [StackGuid, expect.stringMatching(/^-[0-9a-f]{8}$/)]],
    });
    const arn = JSON.stringify(variablesOf(template, 'TasksController').AFTER_PARTY_STATE_MACHINE);
    const name = JSON.stringify(
      (Properties.StateMachineName as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1],
    );
    expect(arn).toContain(name.slice(1, -1));
  });

  it('logs nothing of what it is handed', () => {
    expect(resourceOf(templateOf(), 'AWS::StepFunctions::StateMachine').Properties).not.toHaveProperty(
      'LoggingConfiguration',
    );
  });
});

describe('in a vpc', () => {
  const REGION = { env: { account: '123456789012', region: 'eu-west-1' } };

  function partyInVpc(configure: (vpc: ec2.Vpc) => void = () => {}): { stack: Stack; party: AfterParty } {
    const stack = shopStack(REGION);
    const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0 });
    const props = { vpc: vpc as ec2.IVpc, vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } };
    const party = addParty(stack, props);
    configure(vpc);
    return { stack, party };
  }

  it('only the tasks are', () => {
    const { stack } = partyInVpc();

    const template = Template.fromStack(stack);
    expect(resourceOf(template, 'AWS::Lambda::Function', 'TasksRunner').Properties).toHaveProperty(
      'VpcConfig',
    );
    expect(resourceOf(template, 'AWS::Lambda::Function', 'TasksController').Properties).not.toHaveProperty(
      'VpcConfig',
    );
  });

  it('warns where no endpoint for DynamoDB is to be seen, and says what to add', () => {
    const { stack } = partyInVpc();

    Annotations.fromStack(stack).hasWarning(
      '/Shop/Tasks',
      Match.stringLikeRegexp("addGatewayEndpoint\\('DynamoDb'"),
    );
  });

  it('does not warn where there is one, also if it is added later', () => {
    const { stack } = partyInVpc((vpc) =>
      vpc.addGatewayEndpoint('DynamoDb', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB }),
    );

    Annotations.fromStack(stack).hasNoWarning('/Shop/Tasks', Match.stringLikeRegexp('DynamoDB'));
  });

  it('warns where the endpoint is for S3', () => {
    const { stack } = partyInVpc((vpc) =>
      vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 }),
    );

    Annotations.fromStack(stack).hasWarning('/Shop/Tasks', Match.stringLikeRegexp('DynamoDB'));
  });

  it('has connections', () => {
    const { stack, party } = partyInVpc();
    const vpc = stack.node.findChild('Vpc') as ec2.IVpc;
    const database = new ec2.SecurityGroup(stack, 'Database', { vpc });

    database.connections.allowFrom(party, ec2.Port.tcp(5432));

    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      FromPort: 5432,
      SourceSecurityGroupId: {
        'Fn::GetAtt': [Match.stringLikeRegexp('^TasksRunnerSecurityGroup'), 'GroupId'],
      },
    });
  });

  it('takes security groups', () => {
    const stack = shopStack(REGION);
    const vpc = new ec2.Vpc(stack, 'Vpc') as ec2.IVpc;
    const group = new ec2.SecurityGroup(stack, 'Group', { vpc });
    const party = addParty(stack, { vpc, securityGroups: [group] });

    expect(party.connections.securityGroups).toEqual([group]);
  });
});

describe('bundled', () => {
  function assetsOf(app: App): string[] {
    const { directory } = app.synth();
    return readdirSync(directory)
      .filter((name) => name.startsWith('asset.'))
      .sort();
  }

  it('the runner has the tasks, and the controller the manifest', () => {
    const app = new App();
    const tasks = tasksFolder({ '1_first.ts': taskModule("description: 'The first', run() {}") });
    addParty(new Stack(app, 'Shop'), { tasks, environment: { ANY: 'x' } });

    const assets = assetsOf(app);

    const folders = assets.map((name) => readdirSync(join(app.outdir, name)).sort());
    expect(folders).toContainEqual(['index.mjs', 'manifest.json']);
    expect(folders).toContainEqual(
      expect.arrayContaining([expect.stringMatching(/^1_first-.*\.mjs$/), 'index.mjs']),
    );
    const controller = assets.find((name) => readdirSync(join(app.outdir, name)).includes('manifest.json'));
    const manifest = JSON.parse(readFileSync(join(app.outdir, controller ?? '', 'manifest.json'), 'utf8'));
    expect(parseManifest(manifest, 'the manifest').tasks).toMatchObject([
      { name: 'first', description: 'The first' },
    ]);
  });

  it('has the same assets in two checkouts', () => {
    const [one, other] = [1, 2].map(() => {
      const folder = writeFiles(temporaryFolder(), { 'tasks/1_first.ts': TASK });
      const app = new App({ outdir: join(folder, 'cdk.out') });
      addParty(new Stack(app, 'Shop'), { tasks: join(folder, 'tasks') });
      return assetsOf(app);
    });

    expect(one).toHaveLength(2);
    expect(other).toEqual(one);
  });

  it.each([
    ['with', { account: '123456789012', region: 'eu-west-1' }, 'eu-west-1'],
    ['without', {}, 'us-east-1'],
  ])('loads the tasks with placeholders for tokens, %s a concrete environment', (_what, env, region) => {
    const stack = new Stack(new App(), 'Shop', { env });
    const tasks = tasksFolder({
      '1_a.ts': 'throw [process.env.TABLE, process.env.NAME, process.env.AWS_REGION].join();',
    });
    const table = new dynamodb.TableV2(stack, 'T', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    });

    expect(() => addParty(stack, { tasks, environment: { TABLE: table.tableName, NAME: 'x' } })).toThrow(
      `known-at-deploy,x,${region}`,
    );
  });

  it('fails for a broken task with its file and the place of the construct', () => {
    const stack = new Stack(new App(), 'Shop');
    const tasks = tasksFolder({ '1_a.ts': "throw new Error('boom');" });

    expect(() => addParty(stack, { tasks })).toThrow(
      /tasks\/1_a\.ts: it throws[\s\S]*boom[\s\S]*\[Shop\/Tasks\]/,
    );
  });

  it('neither bundles nor loads tasks in a stack that is only looked at', () => {
    const template = templateOf({ tasks: tasksFolder({ '1_a.ts': "throw new Error('boom');" }) });

    expect(resourceOf(template, 'Custom::AfterParty').Properties.Tasks).toEqual(['1_a']);
  });
});

describe('fails', () => {
  it.each<[string, AfterPartyProps, RegExp]>([
    ['an unknown tasks folder', { tasks: '/nowhere' }, /tasks is "\/nowhere", and there is no folder/],
    ['an empty tasks path', { tasks: '' }, /tasks is "": expected the path of a folder/],
    [
      'deployTimeout over 55 minutes',
      { deployTimeout: Duration.hours(1) },
      /deployTimeout is "1 hour": expected .* to 55 minutes/,
    ],
    [
      'a deployTimeout of nothing',
      { deployTimeout: Duration.seconds(0) },
      /deployTimeout is .*expected whole seconds, from 10 seconds/,
    ],
    [
      'a timeout over 15 minutes',
      { timeout: Duration.minutes(16) },
      /timeout is "16 minutes": expected .* to 15 minutes/,
    ],
    ['half seconds', { timeout: Duration.millis(20_500) }, /timeout is .*expected whole seconds/],
    [
      'an unknown onFailure',
      { onFailure: 'ignore' as 'continue' },
      /onFailure is "ignore": expected "fail-deploy" or "continue"/,
    ],
    [
      'an unknown newEnvironment',
      { newEnvironment: 'skip' as 'run' },
      /newEnvironment is "skip": expected "run" or "baseline"/,
    ],
    [
      'a ledgerId with a separator',
      { ledgerId: 'a#b' },
      /ledgerId is "a#b": expected a text without #, \*, \? and \$/,
    ],
    ['an empty environmentName', { environmentName: '' }, /environmentName is "": expected a text/],
    ['an empty deployId', { deployId: ' ' }, /deployId is " ": expected a text/],
    [
      'a variable of the party',
      { environment: { AFTER_PARTY_TABLE: 'x' } },
      /"AFTER_PARTY_TABLE", which is reserved/,
    ],
    ['a variable of Lambda', { environment: { AWS_REGION: 'x' } }, /"AWS_REGION", which is reserved/],
    ['a variable that is no name', { environment: { 'my-table': 'x' } }, /"my-table": expected a letter/],
    ['a misnamed task', { tasks: 'MISNAMED' }, /backfill\.ts has no version/],
  ])('for %s', (_what, props, message) => {
    const tasks = props.tasks === 'MISNAMED' ? tasksFolder({ 'backfill.ts': TASK }) : props.tasks;

    expect(() => templateOf({ ...props, ...(tasks !== undefined && { tasks }) })).toThrow(message);
    expect(() => templateOf({ ...props, ...(tasks !== undefined && { tasks }) })).toThrow(
      /, at path \[Shop\/Tasks\]$/,
    );
  });

  it('for a token where the value is needed at synth', () => {
    const stack = shopStack();
    const parameter = new CfnParameter(stack, 'Minutes', { type: 'Number' });

    expect(() => addParty(stack, { deployTimeout: Duration.minutes(parameter.valueAsNumber) })).toThrow(
      /deployTimeout is a token: expected a duration known at synth/,
    );
    expect(() => addParty(stack, { tasks: parameter.valueAsString }, 'Other')).toThrow(
      /tasks is .*known at synth/,
    );
  });

  it('for a ledger with other keys', () => {
    const stack = shopStack();

    expect(() => addParty(stack, { ledger: ledgerIn(stack, ['id', 'range']) })).toThrow(
      /ledger has the keys \["id","range"\]: expected a table with \["pk","sk"\]/,
    );
  });

  it('for the protection of a ledger that is given', () => {
    const stack = shopStack();

    expect(() => addParty(stack, { ledger: ledgerIn(stack), deletionProtection: true })).toThrow(
      /deletionProtection is true.*expected that table to say itself/,
    );
  });

  it('for connections without a vpc', () => {
    expect(() => addParty(shopStack()).connections).toThrow(/expected the vpc prop/);
  });

  it('for a reserved variable that is added later', () => {
    expect(() => addParty(shopStack()).addEnvironment('AFTER_PARTY_PARTY', 'x')).toThrow(/reserved/);
  });

  it('for two parties of one name in one ledger', () => {
    const stack = shopStack();
    const ledger = ledgerIn(stack);
    addParty(stack, { ledger, ledgerId: 'shop' }, 'One');

    expect(() => addParty(stack, { ledger, ledgerId: 'shop' }, 'Two')).toThrow(
      /has the ledgerId "shop" in the same ledger as Shop\/One/,
    );
    addParty(stack, { ledger, ledgerId: 'other' }, 'Three');
  });
});

it('is a principal: what is granted to it, its tasks may do', () => {
  const stack = shopStack();
  const table = ledgerIn(stack);

  table.grantReadData(addParty(stack));

  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: Match.objectLike({
      Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['dynamodb:Scan']) })]),
    }),
    Roles: [{ Ref: Match.stringLikeRegexp('^TasksRunnerRole') }],
  });
});
