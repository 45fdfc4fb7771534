import { Duration, aws_iam as iam, Lazy, aws_lambda as lambda, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { VARIABLES } from '../functions/environment.ts';
import type { AfterPartyProps } from './after-party-props.ts';
import { executionRole, logGroup } from './execution-role.ts';
import { freezeLogicalId } from './frozen-id.ts';
import { allowController, type LedgerPart, madeWith } from './ledger.ts';
import { partiesOf } from './rest-of-stack.ts';
import type { Runner } from './runner.ts';
import type { Settings } from './settings.ts';
import { withParents } from './stack-path.ts';
import { workflowArns } from './workflow-arns.ts';

/** The function that CloudFormation, the workflow and the CLI call. */
export function createController(
  scope: Construct,
  props: AfterPartyProps,
  settings: Settings,
  ledger: LedgerPart,
  runner: Runner,
  stateMachineName: string,
  code: lambda.Code,
): lambda.Function {
  const stack = Stack.of(scope);
  const group = logGroup(scope, 'ControllerLogs', {
    retention: settings.logRetention,
    removalPolicy: props.removalPolicy,
  });
  const role = executionRole(scope, 'ControllerRole', group);
  const { stateMachineArn, executions } = workflowArns(stack, stateMachineName);
  allowController(role, ledger);
  allow('states:StartExecution', stateMachineArn);
  allow('states:DescribeExecution', executions);
  allow('cloudformation:DescribeStacks', ...withParents(stack).map(({ stackId }) => stackId));
  allow('logs:FilterLogEvents', runner.logGroup.logGroupArn);
  const fn = new lambda.Function(scope, 'Controller', {
    description: `after-party: decides what runs in ${settings.party}, and answers CloudFormation`,
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code,
    role,
    logGroup: group,
    timeout: Duration.minutes(2),
    // It reads the records of all children of a task, 100,000 at most.
    memorySize: 512,
    environment: {
      [VARIABLES.table]: ledger.table.tableName,
      [VARIABLES.ledgerId]: ledger.ledgerId,
      [VARIABLES.environmentName]: settings.environmentName,
      [VARIABLES.runnerTimeout]: String(settings.timeout.toSeconds()),
      [VARIABLES.party]: settings.party,
      // Looked at when the app is synthesised: a further party may be added later.
      [VARIABLES.sharesStack]: Lazy.string({
        produce: () => (partiesOf(stack).length > 1 ? 'true' : undefined),
      }),
      [VARIABLES.stackId]: stack.stackId,
      [VARIABLES.stateMachineArn]: stateMachineArn,
      [VARIABLES.runnerLogGroup]: runner.logGroup.logGroupName,
      [VARIABLES.deployTimeout]: String(settings.deployTimeout.toSeconds()),
      [VARIABLES.onFailure]: settings.onFailure,
      [VARIABLES.newEnvironment]: settings.newEnvironment,
      [VARIABLES.ownsLedger]: String(madeWith(scope, ledger.table)),
      [VARIABLES.retentionDays]: String(settings.logRetention),
    },
  });
  freezeLogicalId(fn, scope, 'Controller');
  return fn;

  function allow(action: string, ...resources: string[]): void {
    role.addToPolicy(new iam.PolicyStatement({ actions: [action], resources }));
  }
}
