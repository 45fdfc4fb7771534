import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { retryAccessDenied } from '../access-denied.ts';
import type { Workflow } from './ports.ts';

/** Step Functions: a run's execution bears its id, which makes starting it idempotent. */
export function stepFunctionsWorkflow(stateMachineArn: string): Workflow {
  const client = new SFNClient();
  const executionArn = (runId: string): string =>
    `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
  return {
    async start(runId) {
      const command = new StartExecutionCommand({
        stateMachineArn,
        name: runId,
        input: JSON.stringify({ v: 1, runId }),
      });
      try {
        await retryAccessDenied(() => client.send(command));
        return 'started';
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ExecutionAlreadyExists') throw error;
      }
      // AWS says so of executions that ended; an emulator may say so of one that is still running.
      const { status } = await client.send(
        new DescribeExecutionCommand({ executionArn: executionArn(runId) }),
      );
      return status === 'RUNNING' ? 'started' : 'ended';
    },
  };
}
