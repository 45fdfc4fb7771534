import { aws_iam as iam, aws_logs as logs, RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface LogOptions {
  readonly retention: logs.RetentionDays;
  readonly removalPolicy?: RemovalPolicy | undefined;
}

/** A function's log group. */
export function logGroup(scope: Construct, id: string, options: LogOptions): logs.LogGroup {
  return new logs.LogGroup(scope, id, {
    retention: options.retention,
    removalPolicy: options.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
}

/** A function's role, which may write its logs and, until more is granted, nothing else. */
export function executionRole(scope: Construct, id: string, group: logs.LogGroup): iam.Role {
  const role = new iam.Role(scope, id, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  group.grantWrite(role);
  return role;
}

/**
 * What Lambda needs to put a function into a network; these actions know no narrower resource.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
export function allowNetwork(role: iam.Role): void {
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    }),
  );
}
