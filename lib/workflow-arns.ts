import { ArnFormat, aws_iam as iam, Stack } from 'aws-cdk-lib';

/** The ARNs of a workflow and of its executions. */
export interface WorkflowArns {
  readonly stateMachineArn: string;
  readonly executions: string;
}

/** Written out: the controller starts the workflow, which depends on the controller and on its own role. */
export function workflowArns(stack: Stack, stateMachineName: string): WorkflowArns {
  const states = { service: 'states', arnFormat: ArnFormat.COLON_RESOURCE_NAME };
  return {
    stateMachineArn: stack.formatArn({
      ...states,
      resource: 'stateMachine',
      resourceName: stateMachineName,
    }),
    executions: stack.formatArn({
      ...states,
      resource: 'execution',
      resourceName: `${stateMachineName}:*`,
    }),
  };
}

/** What a workflow needs to have the children of a task executed, each in an execution of its own. */
export function allowFanOut(role: iam.Role, stateMachineName: string): void {
  const { stateMachineArn, executions } = workflowArns(Stack.of(role), stateMachineName);
  role.addToPolicy(
    new iam.PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachineArn] }),
  );
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: [executions],
    }),
  );
}
