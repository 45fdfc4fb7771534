import type { Context } from 'aws-lambda';
import type { RunRecord, SelectedTask } from '../ledger/index.ts';
import type { HeldTask } from '../runner/attempt.ts';
import type { Task } from '../task/define-task.ts';
import type { RunTaskOptions } from './run-task.ts';
import { GRACE, type TestClock } from './test-clock.ts';
import type { TestLedger } from './test-ledger.ts';

export const RUN_ID = '0'.repeat(32);
export const VERSION = '1';
export const NAME = 'task';
const SOON = 5;
/** The longest that a timer takes. */
const NEVER = 2 ** 31 - 1;
const SELECTED = { when: 'once', delivery: 'at-least-once', onFailure: 'fail-deploy' } as const;

/** Thrown where the runner would end its process. */
export class ProcessEnd extends Error {}

/** What an attempt at a task in a test works with. */
export interface TestSetup {
  readonly options: RunTaskOptions;
  readonly clock: TestClock;
  readonly ledger: TestLedger;
  /** Is given each log line, as JSON. */
  readonly print: (line: string) => void;
}

/** A task as the runner holds it once it has claimed it. */
export function heldTask(task: Task, { options, clock, ledger, print }: TestSetup): HeldTask {
  const { env = {}, environmentName = 'test', signal } = options;
  const { timeoutSeconds, startedAt, endsAt, now } = clock;
  const file = {
    ...{ version: VERSION, name: NAME, file: `${VERSION}_${NAME}.ts`, checksum: '' },
    load: async () => ({ default: task }),
  };
  return {
    file,
    run: runRecord(options, startedAt),
    selected: selectedTask(task),
    holding: ledger.holding,
    invocation: {
      work: { v: 1, runId: RUN_ID, versions: [VERSION], timeoutSeconds },
      lambda: lambdaContext(clock),
      startedAt,
      endsAt,
      ports: {
        files: [file],
        ledger: ledger.ports,
        environmentName,
        timeoutSeconds,
        variables: env,
        now,
        timing: {
          cancelPoll: signal === undefined ? NEVER : SOON,
          grace: GRACE,
          // Pauses pass at once.
          second: 0,
          checkpoint: 0,
        },
        endProcess: async () => {
          throw new ProcessEnd();
        },
        print,
      },
    },
  };
}

function runRecord(
  { params, dryRun = false, tasksBefore = [] }: RunTaskOptions,
  startedAt: number,
): RunRecord {
  return {
    schema: 1,
    runId: RUN_ID,
    trigger: 'invoke',
    by: 'a test',
    state: 'running',
    summary: '',
    startedAt: new Date(startedAt).toISOString(),
    selection: tasksBefore.map(({ version, name }) => ({ ...SELECTED, version, name })),
    ...(params === undefined ? {} : { params }),
    ...(dryRun ? { dryRun } : {}),
  };
}

function selectedTask({ when, delivery }: Task): SelectedTask {
  return { ...SELECTED, version: VERSION, name: NAME, when, delivery };
}

function lambdaContext({ now, endsAt }: TestClock): Context {
  const nobody = (): void => undefined;
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'test',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:test',
    memoryLimitInMB: '128',
    awsRequestId: '00000000-0000-0000-0000-000000000000',
    logGroupName: '/aws/lambda/test',
    logStreamName: 'test',
    getRemainingTimeInMillis: () => endsAt - now(),
    done: nobody,
    fail: nobody,
    succeed: nobody,
  };
}
