import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { cloudWatchLogs } from '../../../functions/controller/aws-runner-logs.ts';
import { cloudFormationStacks } from '../../../functions/controller/aws-stacks.ts';
import { stepFunctionsWorkflow } from '../../../functions/controller/aws-workflow.ts';
import { parseRunnerLine } from '../../../functions/controller/runner-log-line.ts';
import { config, RUN } from './party.ts';

const sleep = vi.hoisted(() => vi.fn(async () => undefined));
vi.mock('node:timers/promises', () => ({ setTimeout: sleep }));

process.env.AWS_REGION = 'eu-west-1';
const cloudFormation = mockClient(CloudFormationClient);
const stepFunctions = mockClient(SFNClient);
const logs = mockClient(CloudWatchLogsClient);

beforeEach(() => {
  for (const client of [cloudFormation, stepFunctions, logs]) client.reset();
  sleep.mockClear();
});

function named(name: string): Error {
  return Object.assign(new Error('not now'), { name });
}

describe('CloudFormation', () => {
  const nested = config.stackId;
  const root = nested.replace('Shop-prod', 'Root');

  it('says how the stack is', async () => {
    cloudFormation.on(DescribeStacksCommand).resolves({
      Stacks: [{ StackName: 'Shop-prod', CreationTime: new Date(), StackStatus: 'UPDATE_IN_PROGRESS' }],
    });
    expect(await cloudFormationStacks().describe(nested)).toEqual({
      status: 'UPDATE_IN_PROGRESS',
      rootStatus: 'UPDATE_IN_PROGRESS',
    });
    expect(cloudFormation.commandCalls(DescribeStacksCommand)).toHaveLength(1);
  });

  it('says how the root is of a nested stack', async () => {
    const CreationTime = new Date();
    cloudFormation
      .on(DescribeStacksCommand, { StackName: nested })
      .resolves({
        Stacks: [{ StackName: 'Shop', CreationTime, StackStatus: 'UPDATE_COMPLETE', RootId: root }],
      })
      .on(DescribeStacksCommand, { StackName: root })
      .resolves({
        Stacks: [{ StackName: 'Root', CreationTime, StackStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' }],
      });
    expect(await cloudFormationStacks().describe(nested)).toEqual({
      status: 'UPDATE_COMPLETE',
      rootStatus: 'UPDATE_ROLLBACK_IN_PROGRESS',
    });
  });

  it('fails where it describes nothing, or throttles', async () => {
    cloudFormation.on(DescribeStacksCommand).resolvesOnce({ Stacks: [] }).rejects(named('Throttling'));
    await expect(cloudFormationStacks().describe(nested)).rejects.toThrow('described no stack');
    await expect(cloudFormationStacks().describe(nested)).rejects.toThrow('not now');
    expect(sleep).not.toHaveBeenCalled();
  });

  it('is asked again while a new policy has not reached it', async () => {
    cloudFormation
      .on(DescribeStacksCommand)
      .rejectsOnce(named('AccessDenied'))
      .rejectsOnce(named('AccessDenied'))
      .resolves({
        Stacks: [{ StackName: 'Shop-prod', CreationTime: new Date(), StackStatus: 'CREATE_IN_PROGRESS' }],
      });
    expect(await cloudFormationStacks().describe(nested)).toMatchObject({ status: 'CREATE_IN_PROGRESS' });
    expect(sleep).toHaveBeenCalledTimes(2);
  });
});

describe('the workflow', () => {
  const machine = 'arn:aws:states:eu-west-1:123456789012:stateMachine:tasks-1f3b';
  const execution = `arn:aws:states:eu-west-1:123456789012:execution:tasks-1f3b:${RUN}`;

  it('starts an execution of that name, with nothing but the id', async () => {
    stepFunctions.on(StartExecutionCommand).resolves({ executionArn: execution });
    expect(await stepFunctionsWorkflow(machine).start(RUN)).toBe('started');
    expect(stepFunctions.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input)).toEqual([
      { stateMachineArn: machine, name: RUN, input: JSON.stringify({ v: 1, runId: RUN }) },
    ]);
  });

  it.each([
    ['RUNNING', 'started'],
    ['SUCCEEDED', 'ended'],
    ['FAILED', 'ended'],
    ['ABORTED', 'ended'],
    ['TIMED_OUT', 'ended'],
  ] as const)('knows an execution that is %s', async (status, expected) => {
    stepFunctions
      .on(StartExecutionCommand)
      .rejects(named('ExecutionAlreadyExists'))
      .on(DescribeExecutionCommand, { executionArn: execution })
      .resolves({ status });
    expect(await stepFunctionsWorkflow(machine).start(RUN)).toBe(expected);
  });

  it('starts a further execution of a run under a name of its own', async () => {
    stepFunctions.on(StartExecutionCommand).resolves({ executionArn: `${execution}-2` });
    expect(await stepFunctionsWorkflow(machine).start(RUN, 2)).toBe('started');
    expect(stepFunctions.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input)).toEqual([
      {
        stateMachineArn: machine,
        name: `${RUN}-2`,
        input: JSON.stringify({ v: 1, runId: RUN, generation: 2 }),
      },
    ]);
  });

  it('knows whether an execution is under way, also that it never was', async () => {
    const describe = (arn: string) => stepFunctions.on(DescribeExecutionCommand, { executionArn: arn });
    describe(execution).resolves({ status: 'SUCCEEDED' });
    describe(`${execution}-1`).resolves({ status: 'RUNNING' });
    describe(`${execution}-2`).rejects(named('ExecutionDoesNotExist'));
    describe(`${execution}-3`).rejects(named('ThrottlingException'));
    const workflow = stepFunctionsWorkflow(machine);
    const asked = [0, 1, 2].map((generation) => workflow.isRunning(RUN, generation));
    expect(await Promise.all(asked)).toEqual([false, true, false]);
    await expect(workflow.isRunning(RUN, 3)).rejects.toThrow('not now');
  });

  it('fails with whatever else keeps it from starting', async () => {
    stepFunctions.on(StartExecutionCommand).rejects(named('StateMachineDoesNotExist'));
    await expect(stepFunctionsWorkflow(machine).start(RUN)).rejects.toThrow('not now');
  });

  it('has the runner checked in an execution of its own, and reads what came of it', async () => {
    const executionArn = execution.replace(RUN, `check-${RUN}`);
    const { check } = stepFunctionsWorkflow(machine);
    stepFunctions
      .on(StartExecutionCommand)
      .resolvesOnce({ executionArn })
      .rejects(named('ExecutionAlreadyExists'))
      .on(DescribeExecutionCommand, { executionArn })
      .rejectsOnce(named('ExecutionDoesNotExist'))
      .resolvesOnce({ status: 'RUNNING' })
      .resolvesOnce({ status: 'SUCCEEDED', output: '{"v":1,"action":"end"}' })
      .resolvesOnce({ status: 'SUCCEEDED', output: '{"v":1,"action":"end","unreached":"no route"}' })
      .resolves({ status: 'TIMED_OUT' });

    const checks = [await check(RUN), await check(RUN), await check(RUN), await check(RUN), await check(RUN)];

    const broken = 'the workflow ended as TIMED_OUT before it had an answer';
    expect(checks).toEqual([undefined, undefined, {}, { unreached: 'no route' }, { broken }]);
    expect(stepFunctions.commandCalls(StartExecutionCommand)[0]?.args[0].input).toEqual({
      ...{ stateMachineArn: machine, name: `check-${RUN}` },
      input: JSON.stringify({ v: 1, runId: RUN, check: true }),
    });
  });

  it('is started while a new policy has not reached it, for a minute', async () => {
    stepFunctions.on(StartExecutionCommand).rejects(named('AccessDeniedException'));
    await expect(stepFunctionsWorkflow(machine).start(RUN)).rejects.toThrow('not now');
    expect(sleep).toHaveBeenCalledTimes(20);
    expect(sleep).toHaveBeenCalledWith(3_000);
  });
});

const line = (fields: object) =>
  JSON.stringify({ timestamp: '2026-11-20T09:15:00.000Z', level: 'INFO', message: 'item', ...fields });

describe('the log group', () => {
  it('is read by the version, a page at a time', async () => {
    logs.on(FilterLogEventsCommand).resolves({
      events: [
        { timestamp: 1, message: 'START RequestId: 1' },
        { timestamp: 1, message: line({ version: '007', task: 'first_admin', run: RUN, attempt: 2 }) },
      ],
      nextToken: 'next',
    });
    const query = { version: '007', since: '2026-11-20T09:00:00.000Z', token: 'last' };
    expect(await cloudWatchLogs('runner-logs').read(query)).toEqual({
      lines: [
        {
          at: '2026-11-20T09:15:00.000Z',
          level: 'INFO',
          message: 'item',
          version: '007',
          task: 'first_admin',
          run: RUN,
          attempt: 2,
        },
      ],
      token: 'next',
    });
    expect(logs.commandCalls(FilterLogEventsCommand)[0]?.args[0].input).toMatchObject({
      logGroupName: 'runner-logs',
      filterPattern: '{ $.version = "007" }',
      startTime: Date.parse('2026-11-20T09:00:00.000Z'),
      nextToken: 'last',
    });
  });

  it('gives the last lines of a task in a run, over all pages', async () => {
    const event = (message: string) => ({ timestamp: 1, message: line({ message, version: '7', run: RUN }) });
    logs
      .on(FilterLogEventsCommand)
      .resolvesOnce({ events: [event('a'), event('b')], nextToken: 'next' })
      .resolves({ events: [event('c')] });
    const lines = await cloudWatchLogs('runner-logs').tail({ version: '7', runId: RUN, limit: 2 });
    expect(lines.map(({ message }) => message)).toEqual(['b', 'c']);
    expect(logs.commandCalls(FilterLogEventsCommand)[0]?.args[0].input.filterPattern).toBe(
      `{ ($.version = "7") && ($.run = "${RUN}") }`,
    );
  });

  it('has lines of others too, which are none of ours', () => {
    for (const text of ['END RequestId: 1', '', '{"broken', '"a text"', 'null', '{"message":"no level"}']) {
      expect(parseRunnerLine(text)).toBeUndefined();
    }
  });

  it('keeps the fields that a task logs besides its message', () => {
    expect(parseRunnerLine(line({ users: 3 }))).toEqual({
      at: '2026-11-20T09:15:00.000Z',
      level: 'INFO',
      message: 'item {"users":3}',
    });
  });

  it('name the key or the shard that they are of', () => {
    expect(parseRunnerLine(line({ key: 'acme' }))).toMatchObject({ message: 'item', key: 'acme' });
    expect(parseRunnerLine(line({ shard: '7/64' }))).toMatchObject({ message: 'item', shard: '7/64' });
    expect(parseRunnerLine(line({ key: 7 }))).toMatchObject({ message: 'item {"key":7}' });
  });

  it('is checked again, since emulators do not read the pattern', async () => {
    const event = (version: string) => ({ timestamp: 1, message: line({ version, run: RUN }) });
    logs.on(FilterLogEventsCommand).resolves({ events: [event('7'), event('8')] });

    const { lines } = await cloudWatchLogs('runner-logs').read({ version: '8' });

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ version: '8' });
  });
});
