/** What the workflow calls. */
export interface WorkflowFunctions {
  readonly partition: string;
  readonly controllerArn: string;
  readonly runnerArn: string;
}

/** Most of half an hour, since nobody else would end the run. */
const RETRY_DECIDE = { IntervalSeconds: 2, BackoffRate: 2, MaxDelaySeconds: 60, MaxAttempts: 30 };
const RETRY_THROTTLED = { IntervalSeconds: 1, BackoffRate: 2, MaxDelaySeconds: 30, MaxAttempts: 8 };

/**
 * The loop of Decide, Run and Wait in Amazon States Language; the messages are in functions/workflow-messages.ts.
 * What Decide answers replaces the whole state, so that nothing of an earlier round is carried along.
 */
export function workflowDefinition({ partition, controllerArn, runnerArn }: WorkflowFunctions): object {
  const invoke = `arn:${partition}:states:::lambda:invoke`;
  return {
    Comment: 'Runs the tasks of a party: the controller decides, the runner executes',
    StartAt: 'Decide',
    States: {
      Decide: {
        Type: 'Task',
        Resource: invoke,
        Parameters: {
          FunctionName: controllerArn,
          Payload: { v: 1, request: 'decide', 'state.$': '$' },
        },
        OutputPath: '$.Payload',
        Retry: [{ ErrorEquals: ['States.ALL'], ...RETRY_DECIDE }],
        Next: 'Action',
      },
      Action: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.action', StringEquals: 'run', Next: 'Run' },
          { Variable: '$.action', StringEquals: 'wait', Next: 'Wait' },
          { Variable: '$.action', StringEquals: 'end', Next: 'End' },
        ],
      },
      Run: {
        Type: 'Task',
        Resource: invoke,
        Parameters: { FunctionName: runnerArn, 'Payload.$': '$.work' },
        TimeoutSecondsPath: '$.work.timeoutSeconds',
        ResultSelector: { 'Payload.$': '$.Payload' },
        ResultPath: '$.ran',
        // Any other error may come after the function began: the controller settles those.
        Retry: [{ ErrorEquals: ['Lambda.TooManyRequestsException'], ...RETRY_THROTTLED }],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Decide' }],
        Next: 'Report',
      },
      Report: { Type: 'Pass', InputPath: '$.ran.Payload', ResultPath: '$.report', Next: 'Decide' },
      Wait: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Decide' },
      End: { Type: 'Succeed' },
    },
  };
}
