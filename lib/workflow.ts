/** What the workflow calls. */
export interface WorkflowFunctions {
  readonly partition: string;
  readonly controllerArn: string;
  readonly runnerArn: string;
}

type States = Readonly<Record<string, object>>;

/** Most of half an hour, since nobody else would end the run. */
const RETRY_DECIDE = { IntervalSeconds: 2, BackoffRate: 2, MaxDelaySeconds: 60, MaxAttempts: 30 };
/**
 * What fails is a child that is told to stop, in place of all that have not begun: thousands would take minutes to be
 * asked one by one. Beside it only one whose Decide has failed for half an hour.
 */
const TOLERATED_FAILURES = 10;
const RETRY_THROTTLED = { IntervalSeconds: 1, BackoffRate: 2, MaxDelaySeconds: 30, MaxAttempts: 8 };

/**
 * The loop of Decide, Run and Wait in Amazon States Language; the messages are in functions/workflow-messages.ts.
 * What Decide answers replaces the whole state, so that nothing of an earlier round is carried along.
 */
export function workflowDefinition(functions: WorkflowFunctions): object {
  return {
    Comment: 'Runs the tasks of a party: the controller decides, the runner executes',
    StartAt: 'Decide',
    States: {
      ...loop(functions, '', [{ Variable: '$.action', StringEquals: 'fan-out', Next: 'FanOut' }]),
      FanOut: fanOut(functions),
      End: { Type: 'Succeed' },
    },
  };
}

/** A loop of its own for each child that Decide names. What became of them is in the ledger. */
function fanOut(functions: WorkflowFunctions): object {
  return {
    Type: 'Map',
    Label: 'Children',
    ItemsPath: '$.children',
    MaxConcurrencyPath: '$.parallel',
    ToleratedFailureCount: TOLERATED_FAILURES,
    ItemSelector: {
      v: 1,
      'runId.$': '$.runId',
      'version.$': '$.version',
      'share.$': '$.share',
      'child.$': '$$.Map.Item.Value',
    },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'ChildDecide',
      States: {
        ...loop(functions, 'Child', [{ Variable: '$.action', StringEquals: 'stop', Next: 'ChildStop' }]),
        ChildStop: {
          Type: 'Fail',
          Error: 'AfterParty.Stopped',
          Cause: 'the run no longer wants the children of the task executed',
        },
        // All outputs together are the output of the Map, which has a limit.
        ChildEnd: { Type: 'Succeed', OutputPath: null },
      },
    },
    ResultPath: null,
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Decide' }],
    Next: 'Decide',
  };
}

/** The names of states are unique in the whole definition, hence the prefix. */
function loop(
  { partition, controllerArn, runnerArn }: WorkflowFunctions,
  prefix: string,
  furtherActions: readonly object[] = [],
): States {
  const invoke = `arn:${partition}:states:::lambda:invoke`;
  const decide = `${prefix}Decide`;
  return {
    [decide]: {
      Type: 'Task',
      Resource: invoke,
      Parameters: {
        FunctionName: controllerArn,
        Payload: { v: 1, request: 'decide', 'state.$': '$' },
      },
      OutputPath: '$.Payload',
      Retry: [{ ErrorEquals: ['States.ALL'], ...RETRY_DECIDE }],
      Next: `${prefix}Action`,
    },
    [`${prefix}Action`]: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.action', StringEquals: 'run', Next: `${prefix}Run` },
        { Variable: '$.action', StringEquals: 'wait', Next: `${prefix}Wait` },
        ...furtherActions,
        { Variable: '$.action', StringEquals: 'end', Next: `${prefix}End` },
      ],
    },
    [`${prefix}Run`]: {
      Type: 'Task',
      Resource: invoke,
      Parameters: { FunctionName: runnerArn, 'Payload.$': '$.work' },
      TimeoutSecondsPath: '$.work.timeoutSeconds',
      ResultSelector: { 'Payload.$': '$.Payload' },
      ResultPath: '$.ran',
      // Any other error may come after the function began: the controller settles those.
      Retry: [{ ErrorEquals: ['Lambda.TooManyRequestsException'], ...RETRY_THROTTLED }],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: decide }],
      Next: `${prefix}Report`,
    },
    [`${prefix}Report`]: {
      Type: 'Pass',
      InputPath: '$.ran.Payload',
      ResultPath: '$.report',
      Next: decide,
    },
    [`${prefix}Wait`]: { Type: 'Wait', SecondsPath: '$.seconds', Next: decide },
  };
}
