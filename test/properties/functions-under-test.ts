import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { type Controller, type ControllerPorts, createController } from '../../functions/controller/index.ts';
import { Ledger } from '../../functions/ledger/index.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import { TIMING } from '../../functions/runner/ports.ts';
import { runnerFor } from '../../functions/runner/runner.ts';
import type { TaskFile } from '../../functions/runner/task-file.ts';
import { source } from '../../functions/sources/source.ts';
import type { RunContext, TaskContext } from '../../functions/task/context.ts';
import { defineTask, type Task } from '../../functions/task/define-task.ts';
import type { RunnerReport, Work } from '../../functions/workflow-messages.ts';
import type { Scenario } from './scenario.ts';
import { SimulatedTable, type WriteObserver } from './simulated-table.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';
import { CHECKPOINTING, ITEMS, RETRIED } from './task-pool.ts';

export const STACK_ID = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop/1';
export const RUNNER_SECONDS = 60;
export const DEPLOY_SECONDS = 150;

/** What the functions share in one history. */
export interface Surroundings {
  readonly simulation: Simulation;
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly ledgerId: string;
  readonly scenario: Scenario;
  readonly observer: WriteObserver;
  /** Everything that is logged. */
  readonly said: string[];
  readonly start: (runId: string, generation?: number) => Promise<'started' | 'ended'>;
  readonly isRunning: (runId: string, generation?: number) => boolean;
  readonly describe: () => { status: string; rootStatus: string };
  readonly execute: (process: SimulatedProcess, context: TaskContext) => Promise<unknown>;
  readonly executeInSteps: (process: SimulatedProcess, context: RunContext) => Promise<unknown>;
  readonly processItems: (
    process: SimulatedProcess,
    context: TaskContext,
    items: readonly number[],
  ) => Promise<unknown>;
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

/** The real runner, as one invocation of it has it. */
export function runnerIn(
  around: Surroundings,
  process: SimulatedProcess,
  tasks: readonly ManifestTask[],
  requestId: string,
  endsAt: number,
): (work: Work) => Promise<RunnerReport> {
  const files = tasks.map((task): TaskFile => {
    const { version, name, file, checksum } = task;
    const definition = definitionOf(task, around, process);
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
  return (work) => handler(work, context as Context) as Promise<RunnerReport>;
}

function definitionOf(task: ManifestTask, around: Surroundings, process: SimulatedProcess): Task {
  const { version, when, delivery, background = false } = task;
  const { batchSize, concurrency } = around.scenario;
  if (task.iterates !== true) {
    return defineTask({
      when,
      delivery,
      background,
      retries: version === RETRIED ? 2 : 0,
      run: (context) =>
        version === CHECKPOINTING
          ? around.executeInSteps(process, context)
          : around.execute(process, context),
    });
  }
  return defineTask({
    when,
    delivery,
    background,
    batchSize,
    concurrency,
    count: () => ITEMS,
    pauseWhile: () => around.simulation.oneIn(12),
    items: source<number>(async function* (cursor) {
      for (let item = Number(cursor ?? 0) + 1; item <= ITEMS; item++) yield [item, item];
    }),
    processBatch: (items, context) => around.processItems(process, context, items),
  });
}

function ledgerIn(around: Surroundings, process: SimulatedProcess): Ledger {
  const { client, tableName, ledgerId, observer } = around;
  return new Ledger(new SimulatedTable(client, tableName, ledgerId, process, observer));
}
