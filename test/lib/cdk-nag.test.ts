import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, aws_ec2 as ec2, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import type { AfterPartyProps } from '../../lib/index.ts';
import { addParty, temporaryFolder, unbundledApp } from './app-under-test.ts';

interface Acknowledged {
  readonly rule: string;
  readonly resource: string;
  readonly reason: string;
}

const EXECUTION =
  'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{"Fn::Select":[2,{"Fn::Split":["/",{"Ref":"AWS::StackId"}]}]}-f13e9808:*';

/** All that the pack finds in a party, and why it stays. */
const ACKNOWLEDGED: readonly Acknowledged[] = [
  {
    rule: `AwsSolutions-IAM5[Resource::${EXECUTION}]`,
    resource: 'Shop/Tasks/ControllerRole/DefaultPolicy/Resource',
    reason:
      'The controller looks at executions of its own workflow, whose names are the ids of runs yet to come.',
  },
  {
    rule: `AwsSolutions-IAM5[Resource::${EXECUTION}]`,
    resource: 'Shop/Tasks/WorkflowRole/DefaultPolicy/Resource',
    reason: 'The workflow follows the executions that it starts for the children of a task.',
  },
  {
    rule: 'AwsSolutions-SF1',
    resource: 'Shop/Tasks/Workflow/Resource',
    reason:
      'The ledger records every run, and each execution keeps its history; a log would hold the same again.',
  },
  {
    rule: 'AwsSolutions-SF2',
    resource: 'Shop/Tasks/Workflow/Resource',
    reason: 'A loop between two functions, where each step and its time are in the history.',
  },
];

const IN_A_VPC: Acknowledged = {
  rule: 'AwsSolutions-IAM5[Resource::*]',
  resource: 'Shop/Tasks/RunnerRole/DefaultPolicy/Resource',
  reason: 'Network interfaces of a function in a network: AWS knows no narrower resource for these actions.',
};

function appWith(props: (stack: Stack) => AfterPartyProps = () => ({})): { app: App; stack: Stack } {
  const app = unbundledApp({ outdir: temporaryFolder() });
  const stack = new Stack(app, 'Shop');
  addParty(stack, props(stack));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack };
}

/** The findings about the party, by rule and resource; the app is not accepted with any. */
function findingsOf(app: App): string[] {
  expect(() => app.synth()).toThrow('AwsSolutions');
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as {
    pluginReports: { violations: { ruleName: string; violatingConstructs: { constructPath: string }[] }[] }[];
  };
  return report.pluginReports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    )
    .filter((finding) => finding.includes(' at Shop/Tasks/'))
    .sort();
}

function expected(acknowledged: readonly Acknowledged[]): string[] {
  return acknowledged.map(({ rule, resource }) => `${rule} at ${resource}`).sort();
}

describe('the AwsSolutions pack of cdk-nag', () => {
  it('finds in a party what is acknowledged here, and nothing else', () => {
    expect(findingsOf(appWith().app)).toEqual(expected(ACKNOWLEDGED));
  });

  it('finds in a party in a vpc one thing more', () => {
    const { app } = appWith((stack) => ({ vpc: new ec2.Vpc(stack, 'Vpc') as ec2.IVpc }));

    expect(findingsOf(app)).toEqual(expected([...ACKNOWLEDGED, IN_A_VPC]));
  });

  it('accepts an app that acknowledges these', () => {
    const { app, stack } = appWith();
    for (const { rule, resource, reason } of ACKNOWLEDGED) {
      const construct = stack.node.findAll().find(({ node }) => node.path === resource);
      if (construct === undefined) throw new Error(`there is no ${resource}`);
      Validations.of(construct).acknowledge({ id: rule, reason });
    }

    expect(() => app.synth()).not.toThrow();
  });
});
