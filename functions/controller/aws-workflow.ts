import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { retryAccessDenied } from '../access-denied.ts';
import { runnerCheckSchema } from '../workflow-messages.ts';
import type { Workflow } from './ports.ts';

/** Step Functions: a run's execution bears its id, which makes starting it idempotent. */
export function stepFunctionsWorkflow(stateMachineArn: string): Workflow {
  const client = new SFNClient();
  const executionArn = (name: string): string =>
    `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  const describe = (name: string): Promise<DescribeExecutionOutput> => {
    const command = new DescribeExecutionCommand({ executionArn: executionArn(name) });
    return retryAccessDenied(() => client.send(command));
  };
  const isRunning = async (name: string): Promise<boolean> => (await describe(name)).status === 'RUNNING';
  const unlessAbsent = async <T>(described: Promise<T>): Promise<T | undefined> => {
    try {
      return await described;
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return undefined;
      throw error;
    }
  };
  /** False where an execution of this name was there before. */
  const begin = async (name: string, input: object): Promise<boolean> => {
    const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    try {
      await retryAccessDenied(() => client.send(command));
      return true;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ExecutionAlreadyExists') throw error;
      return false;
    }
  };
  return {
    async start(runId, generation = 0) {
      const name = executionName(runId, generation);
      if (await begin(name, { v: 1, runId, ...(generation === 0 ? {} : { generation }) })) return 'started';
      // AWS refuses names of executions that ended; an emulator, also of one that is still running.
      return (await isRunning(name)) ? 'started' : 'ended';
    },
    async isRunning(runId, generation = 0) {
      return (await unlessAbsent(isRunning(executionName(runId, generation)))) ?? false;
    },
    async check(id) {
      const name = `check-${id}`;
      await begin(name, { v: 1, runId: id, check: true });
      // One that was just begun may not be described yet.
      const { status = 'RUNNING', output } = (await unlessAbsent(describe(name))) ?? {};
      if (status === 'RUNNING') return undefined;
      if (status === 'SUCCEEDED') return v.parse(runnerCheckSchema, JSON.parse(output ?? ''));
      return { broken: `the workflow ended as ${status} before it had an answer` };
    },
  };
}

function executionName(runId: string, generation: number): string {
  return generation === 0 ? runId : `${runId}-${generation}`;
}
