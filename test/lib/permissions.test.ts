import {
  aws_dynamodb as dynamodb,
  aws_ec2 as ec2,
  aws_iam as iam,
  aws_kms as kms,
  NestedStack,
} from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import type { AfterParty } from '../../lib/index.ts';
import { addParty, resourceOf, shopStack, templateOf } from './app-under-test.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** What a role may do, a line for each action and resource; logical ids without their hashes. */
function permissionsOf(template: Template, role: string): string[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter((policy) =>
    JSON.stringify(policy.Properties.Roles).includes(`"${role}`),
  );
  const statements = policies.flatMap((policy): Statement[] => policy.Properties.PolicyDocument.Statement);
  return statements
    .flatMap((statement) =>
      list(statement.Action).flatMap((action) =>
        list(statement.Resource).map(
          (resource) => `${statement.Effect} ${action} on ${shown(resource)}${conditionOf(statement)}`,
        ),
      ),
    )
    .sort();
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

function conditionOf({ Condition = {} }: Statement): string {
  return Object.entries(Condition)
    .flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => ` if ${operator} ${key} ${values.join(', ')}`),
    )
    .join('');
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = []] = Object.entries(value as Record<string, unknown>);
  if (name === 'Ref') return `<${String(argument).replace(/[0-9A-F]{8}$/, '')}>`;
  if (name === 'Fn::GetAtt') {
    const [id, attribute] = argument as [string, string];
    return `<${id.replace(/[0-9A-F]{8}$/, '')}.${attribute}>`;
  }
  if (name === 'Fn::Join') return (argument as [string, unknown[]])[1].map(shown).join('');
  return `<${name}>`;
}

const LEDGER = '<TasksLedger.Arn>';
const OWN_ITEMS = 'if ForAllValues:StringLike dynamodb:LeadingKeys Shop/Tasks, Shop/Tasks#*';
const WORKFLOW = '<Fn::Select>-';

const RUNNER = [
  `Allow dynamodb:GetItem on ${LEDGER} ${OWN_ITEMS}`,
  `Allow dynamodb:PutItem on ${LEDGER} ${OWN_ITEMS}`,
  `Allow dynamodb:Query on ${LEDGER} ${OWN_ITEMS}`,
  `Allow dynamodb:UpdateItem on ${LEDGER} ${OWN_ITEMS}`,
  'Allow logs:CreateLogStream on <TasksRunnerLogs.Arn>',
  'Allow logs:PutLogEvents on <TasksRunnerLogs.Arn>',
  `Deny dynamodb:* on ${LEDGER} if ForAnyValue:StringEquals dynamodb:LeadingKeys Shop/Tasks#answers`,
];

/** The name of the workflow ends in a hash of the construct's path. */
function withoutPath(line: string): string {
  return line.replace(/-[0-9a-f]{8}(?=$|:)/, '-');
}

describe('each role may use exactly', () => {
  it('the runner: its items of the ledger, without the answers, and its logs', () => {
    expect(permissionsOf(templateOf(), 'TasksRunnerRole')).toEqual(RUNNER);
  });

  it('the runner in a vpc: network interfaces too, for which AWS knows no narrower resource', () => {
    const stack = shopStack();
    addParty(stack, { vpc: new ec2.Vpc(stack, 'Vpc') as ec2.IVpc });

    expect(permissionsOf(Template.fromStack(stack), 'TasksRunnerRole')).toEqual(
      [
        ...RUNNER,
        'Allow ec2:AssignPrivateIpAddresses on *',
        'Allow ec2:CreateNetworkInterface on *',
        'Allow ec2:DeleteNetworkInterface on *',
        'Allow ec2:DescribeNetworkInterfaces on *',
        'Allow ec2:DescribeSubnets on *',
        'Allow ec2:UnassignPrivateIpAddresses on *',
      ].sort(),
    );
  });

  it('the controller: the ledger, the workflow, its stack, and the log lines of the runner', () => {
    const permissions = permissionsOf(templateOf(), 'TasksControllerRole');

    expect(permissions.map(withoutPath)).toEqual([
      'Allow cloudformation:DescribeStacks on <AWS::StackId>',
      `Allow dynamodb:DeleteItem on ${LEDGER} if ForAllValues:StringEquals dynamodb:LeadingKeys Shop/Tasks#answers`,
      `Allow dynamodb:GetItem on ${LEDGER} ${OWN_ITEMS}`,
      `Allow dynamodb:PutItem on ${LEDGER} ${OWN_ITEMS}`,
      `Allow dynamodb:Query on ${LEDGER} ${OWN_ITEMS}`,
      `Allow dynamodb:UpdateItem on ${LEDGER} ${OWN_ITEMS}`,
      'Allow logs:CreateLogStream on <TasksControllerLogs.Arn>',
      'Allow logs:FilterLogEvents on <TasksRunnerLogs.Arn>',
      'Allow logs:PutLogEvents on <TasksControllerLogs.Arn>',
      `Allow states:DescribeExecution on arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${WORKFLOW}:*`,
      `Allow states:StartExecution on arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:${WORKFLOW}`,
    ]);
  });

  it('the controller in a nested stack: the stacks above it too', () => {
    const nested = new NestedStack(shopStack(), 'Nested');
    addParty(nested);

    const permissions = permissionsOf(Template.fromStack(nested), 'TasksControllerRole');
    expect(permissions.filter((line) => line.includes('cloudformation:'))).toEqual([
      'Allow cloudformation:DescribeStacks on <AWS::StackId>',
      expect.stringMatching(/^Allow cloudformation:DescribeStacks on <referencetoShop.*StackId/),
    ]);
  });

  it('the workflow: the two functions, and what AWS asks of a Distributed Map', () => {
    const permissions = permissionsOf(templateOf(), 'TasksWorkflowRole');

    const executions = `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${WORKFLOW}:*`;
    expect(permissions.map(withoutPath)).toEqual([
      'Allow lambda:InvokeFunction on <TasksController.Arn>',
      'Allow lambda:InvokeFunction on <TasksRunner.Arn>',
      `Allow states:DescribeExecution on ${executions}`,
      `Allow states:StartExecution on arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:${WORKFLOW}`,
      `Allow states:StopExecution on ${executions}`,
    ]);
  });

  it('nothing by managed policies', () => {
    for (const role of Object.values(templateOf().findResources('AWS::IAM::Role'))) {
      expect(role.Properties).not.toHaveProperty('ManagedPolicyArns');
      expect(role.Properties).not.toHaveProperty('Policies');
    }
  });
});

it('lets both functions use the key of a ledger that has one', () => {
  const stack = shopStack({ env: { account: '123456789012', region: 'eu-west-1' } });
  const ledger = new dynamodb.TableV2(stack, 'Shared', {
    partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
    sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
    encryption: dynamodb.TableEncryptionV2.customerManagedKey(new kms.Key(stack, 'Key')),
  }) as dynamodb.ITableV2;
  addParty(stack, { ledger });

  const template = Template.fromStack(stack);
  for (const role of ['TasksRunnerRole', 'TasksControllerRole']) {
    expect(permissionsOf(template, role).filter((line) => line.includes('kms:'))).toEqual([
      'Allow kms:Decrypt on <Key.Arn>',
      'Allow kms:Encrypt on <Key.Arn>',
      'Allow kms:GenerateDataKey* on <Key.Arn>',
      'Allow kms:ReEncrypt* on <Key.Arn>',
    ]);
  }
});

describe('a person who is granted', () => {
  function granted(grant: (party: AfterParty, role: iam.Role) => iam.Grant): string[] {
    const stack = shopStack();
    const role = new iam.Role(stack, 'Person', { assumedBy: new iam.AccountRootPrincipal() });
    grant(addParty(stack), role).assertSuccess();
    return permissionsOf(Template.fromStack(stack), 'Person');
  }

  it('the status may find the controller and call its read-only alias', () => {
    expect(granted((party, role) => party.grantStatus(role))).toEqual([
      'Allow cloudformation:ListStackResources on <AWS::StackId>',
      'Allow lambda:InvokeFunction on <TasksStatus>',
    ]);
  });

  it('either in a nested stack may look for it in the stacks around that', () => {
    const nested = new NestedStack(shopStack(), 'Nested');
    const role = new iam.Role(nested, 'Person', { assumedBy: new iam.AccountRootPrincipal() });
    addParty(nested).grantStatus(role).assertSuccess();

    const permissions = permissionsOf(Template.fromStack(nested), 'Person');

    const lists = permissions.filter((permission) =>
      permission.includes('cloudformation:ListStackResources'),
    );
    expect(lists).toHaveLength(2);
    expect(lists).toContain('Allow cloudformation:ListStackResources on <AWS::StackId>');
  });

  it('to operate may call the controller itself as well', () => {
    expect(granted((party, role) => party.grantOperate(role))).toEqual([
      'Allow cloudformation:ListStackResources on <AWS::StackId>',
      'Allow lambda:InvokeFunction on <TasksController.Arn>',
      'Allow lambda:InvokeFunction on <TasksStatus>',
    ]);
  });
});

it('keeps what may call the functions at that: neither has a permission of its own', () => {
  const template = templateOf();

  template.resourceCountIs('AWS::Lambda::Permission', 0);
  expect(resourceOf(template, 'AWS::Lambda::Alias').Properties).not.toHaveProperty('RoutingConfig');
});
