import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { retryAccessDenied } from '../access-denied.ts';
import type { Workflow } from './ports.ts';

/** Step Functions: a run's execution bears its id, which makes starting it idempotent. */
export function stepFunctionsWorkflow(stateMachineArn: string): Workflow {
  const client = new SFNClient();
  const executionArn = (name: string): string =>
    `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  const isRunning = async (name: string): Promise<boolean> => {
    const command = new DescribeExecutionCommand({ executionArn: executionArn(name) });
    const { status } = await retryAccessDenied(() => client.send(command));
    return status === 'RUNNING';
  };
  return {
    async start(runId, generation = 0) {
      const command = new StartExecutionCommand({
        stateMachineArn,
        name: executionName(runId, generation),
        input: JSON.stringify({ v: 1, runId, ...(generation === 0 ? {} : { generation }) }),
      });
      try {
        await retryAccessDenied(() => client.send(command));
        return 'started';
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ExecutionAlreadyExists') throw error;
      }
      // AWS says so of executions that ended; an emulator may say so of one that is still running.
      return (await isRunning(executionName(runId, generation))) ? 'started' : 'ended';
    },
    async isRunning(runId, generation = 0) {
      try {
        return await isRunning(executionName(runId, generation));
      } catch (error) {
        if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return false;
        throw error;
      }
    },
  };
}

function executionName(runId: string, generation: number): string {
  return generation === 0 ? runId : `${runId}-${generation}`;
}
