import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { type Controller, type ControllerPorts, createController } from '../../functions/controller/index.ts';
import { Ledger } from '../../functions/ledger/index.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import { TIMING } from '../../functions/runner/ports.ts';
import { runnerFor } from '../../functions/runner/runner.ts';
import type { TaskFile } from '../../functions/runner/task-file.ts';
import type { RunnerReport, Work } from '../../functions/workflow-messages.ts';
import type { Scenario } from './scenario.ts';
import { SimulatedTable, type WriteObserver } from './simulated-table.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';
import { subjectOf } from './subjects.ts';
import { definitionOf } from './task-definitions.ts';
import type { TaskFunctions } from './task-functions.ts';

export const STACK_ID = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop/1';
export const RUNNER_SECONDS = 60;
export const DEPLOY_SECONDS = 150;

/** What the functions share in one history. */
export interface Surroundings {
  readonly simulation: Simulation;
  readonly client: DynamoDBDocument;
  readonly tableName: string;
  readonly ledgerId: string;
  readonly scenario: Scenario;
  readonly observer: WriteObserver;
  /** Everything that is logged. */
  readonly said: string[];
  readonly start: (runId: string, generation?: number) => Promise<'started' | 'ended'>;
  readonly isRunning: (runId: string, generation?: number) => boolean;
  readonly describe: () => { status: string; rootStatus: string };
  readonly taskFunctions: TaskFunctions;
}

/** The real controller, as one invocation of it has it. */
export function controllerIn(
  around: Surroundings,
  process: SimulatedProcess,
  tasks: readonly ManifestTask[],
): (event: unknown) => ReturnType<Controller> {
  const { scenario, said } = around;
  const log = (message: string, fields?: object): void => {
    said.push(JSON.stringify([message, fields]));
  };
  const ports: ControllerPorts = {
    config: {
      environmentName: 'production',
      party: 'Tasks',
      stackId: STACK_ID,
      deployTimeoutSeconds: DEPLOY_SECONDS,
      runnerTimeoutSeconds: RUNNER_SECONDS,
      onFailure: scenario.onFailure,
      newEnvironment: 'run',
      ownsLedger: scenario.ownsLedger,
      retentionDays: 365,
      endpointUrl: undefined,
    },
    manifest: { v: 1, tasks: [...tasks] },
    ledger: ledgerIn(around, process),
    workflow: {
      check: async () => undefined,
      start: (runId, generation) => process.step('start workflow', () => around.start(runId, generation)),
      isRunning: (runId, generation) =>
        process.step('describe execution', async () => around.isRunning(runId, generation)),
    },
    stacks: {
      describe: () => process.step('describe stack', async () => around.describe()),
    },
    runnerLogs: { read: async () => ({ lines: [], token: null }), tail: async () => [] },
    log: { info: log, error: log, report: log },
    now: process.now,
    stepsLimit: scenario.stepsLimit,
  };
  const controller = createController(ports);
  return (event) => controller(event, { functionName: 'Shop-TasksController' });
}

/** One invocation of the runner. */
export interface RunnerCall {
  readonly process: SimulatedProcess;
  readonly requestId: string;
  readonly work: Work;
  readonly endsAt: number;
}

/** The real runner, as one invocation of it has it. */
export function runnerIn(
  around: Surroundings,
  tasks: readonly ManifestTask[],
  { process, requestId, work, endsAt }: RunnerCall,
): () => Promise<RunnerReport> {
  const files = tasks.map((task): TaskFile => {
    const { version, name, file, checksum } = task;
    const definition = definitionOf(task, around, { process, key: subjectOf(version, work.child) });
    return { version, name, file, checksum, load: async () => ({ default: definition }) };
  });
  const handler = runnerFor(() => ({
    files,
    ledger: ledgerIn(around, process),
    environmentName: 'production',
    timeoutSeconds: RUNNER_SECONDS,
    variables: {},
    now: process.now,
    timing: TIMING,
    endProcess: () => {
      process.die('ended its process');
      return new Promise<never>(() => undefined);
    },
  }));
  const context: Partial<Context> = {
    awsRequestId: requestId,
    functionName: 'Shop-TasksRunner',
    getRemainingTimeInMillis: () => endsAt - around.simulation.now,
  };
  return () => handler(work, context as Context) as Promise<RunnerReport>;
}

function ledgerIn(around: Surroundings, process: SimulatedProcess): Ledger {
  const { client, tableName, ledgerId, observer } = around;
  return new Ledger(new SimulatedTable(client, tableName, ledgerId, process, observer));
}
