import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { type Controller, createController } from '../functions/controller/index.ts';
import type { Workflow } from '../functions/controller/ports.ts';
import type { Ledger } from '../functions/ledger/index.ts';
import type { ManifestTask } from '../functions/manifest.ts';
import { type RunnerPorts, TIMING } from '../functions/runner/ports.ts';
import type { TaskFile } from '../functions/runner/task-file.ts';

export const STACK_ID = 'arn:aws:cloudformation:us-east-1:000000000000:stack/Bench/1';
const RUNNER_SECONDS = 900;

export interface ControllerParts {
  readonly ledger: Ledger;
  readonly tasks: ManifestTask[];
  readonly workflow: Workflow;
  readonly endpointUrl?: string;
}

/** A controller in a stack that is being updated. */
export function benchController({ ledger, tasks, workflow, endpointUrl }: ControllerParts): Controller {
  return createController({
    config: {
      environmentName: 'bench',
      party: 'Tasks',
      stackId: STACK_ID,
      deployTimeoutSeconds: 1800,
      runnerTimeoutSeconds: RUNNER_SECONDS,
      onFailure: 'fail-deploy',
      newEnvironment: 'run',
      ownsLedger: true,
      retentionDays: 365,
      endpointUrl,
    },
    manifest: { v: 1, tasks },
    ledger,
    workflow,
    stacks: { describe: async () => ({ status: 'UPDATE_IN_PROGRESS', rootStatus: 'UPDATE_IN_PROGRESS' }) },
    runnerLogs: { read: async () => ({ lines: [], token: null }), tail: async () => [] },
    log: { info: () => undefined, error: () => undefined, report: () => undefined },
    now: Date.now,
  });
}

export function benchRunnerPorts(files: readonly TaskFile[], ledger: Ledger): RunnerPorts {
  return {
    files,
    ledger,
    environmentName: 'bench',
    timeoutSeconds: RUNNER_SECONDS,
    variables: {},
    now: Date.now,
    timing: TIMING,
    endProcess: () => Promise.reject(new Error('a task would end the process')),
  };
}

/** As Lambda's, with the whole time left. */
export function invocationContext(awsRequestId: string = randomUUID()): Context {
  const context: Partial<Context> = { awsRequestId, getRemainingTimeInMillis: () => RUNNER_SECONDS * 1000 };
  return context as Context;
}
