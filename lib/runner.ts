import { aws_lambda as lambda, type aws_logs as logs } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { VARIABLES } from '../functions/environment.ts';
import type { AfterPartyProps } from './after-party-props.ts';
import { allowNetwork, executionRole, logGroup } from './execution-role.ts';
import { allowRunner, type LedgerPart } from './ledger.ts';
import type { Settings } from './settings.ts';
import { checkVariableName, SOURCE_MAPS } from './task-variables.ts';

/** The function that executes the tasks, with a role of its own. */
export interface Runner {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;
  setVariable(name: string, value: string): void;
}

export function createRunner(
  scope: Construct,
  props: AfterPartyProps,
  settings: Settings,
  ledger: LedgerPart,
  code: lambda.Code,
): Runner {
  const group = logGroup(scope, 'RunnerLogs', {
    retention: settings.logRetention,
    removalPolicy: props.removalPolicy,
  });
  const role = executionRole(scope, 'RunnerRole', group);
  allowRunner(role, ledger);
  if (props.vpc !== undefined) allowNetwork(role);
  const nodeOptions = props.bundling?.sourceMap === false ? [] : [SOURCE_MAPS];
  const fn = new lambda.Function(scope, 'Runner', {
    description: `after-party: executes the tasks of ${settings.party}`,
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code,
    role,
    logGroup: group,
    timeout: settings.timeout,
    memorySize: props.memorySize ?? 512,
    environment: {
      [VARIABLES.table]: ledger.table.tableName,
      [VARIABLES.ledgerId]: ledger.ledgerId,
      [VARIABLES.environmentName]: settings.environmentName,
      [VARIABLES.runnerTimeout]: String(settings.timeout.toSeconds()),
      ...(nodeOptions.length > 0 && { NODE_OPTIONS: nodeOptions.join(' ') }),
    },
    ...(props.architecture && { architecture: props.architecture }),
    ...(props.layers && { layers: [...props.layers] }),
    ...(props.vpc && { vpc: props.vpc }),
    ...(props.vpcSubnets && { vpcSubnets: props.vpcSubnets }),
    ...(props.securityGroups && { securityGroups: [...props.securityGroups] }),
  });
  const runner: Runner = {
    function: fn,
    logGroup: group,
    setVariable(name, value) {
      checkVariableName(scope, name);
      fn.addEnvironment(name, name === 'NODE_OPTIONS' ? [...nodeOptions, value].join(' ') : value);
    },
  };
  for (const [name, value] of Object.entries(props.environment ?? {})) runner.setVariable(name, value);
  return runner;
}
