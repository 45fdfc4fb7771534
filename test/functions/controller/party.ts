import { randomBytes } from 'node:crypto';
import { type Controller, createController } from '../../../functions/controller/controller.ts';
import type { ControllerPorts, PartyConfig } from '../../../functions/controller/ports.ts';
import type { ControllerAnswer } from '../../../functions/controller/requests.ts';
import type { RunRecord, SelectedTask, TaskRecord } from '../../../functions/ledger/index.ts';
import type { Manifest, ManifestTask } from '../../../functions/manifest.ts';
import { at, request, type TestLedger, type TestTable, won } from '../ledger/open-ledger.ts';

export const RUN = 'a'.repeat(32);
export const OTHER_RUN = 'b'.repeat(32);
export const ARN = 'arn:aws:sts::123456789012:assumed-role/Developer/ann';
const FUNCTION = 'Shop-prod-TasksController';

export const config: PartyConfig = {
  environmentName: 'production',
  party: 'Tasks',
  stackId:
    'arn:aws:cloudformation:eu-west-1:123456789012:stack/Shop-prod/00000000-0000-0000-0000-000000000000',
  deployTimeoutSeconds: 1800,
  runnerTimeoutSeconds: 900,
  onFailure: 'fail-deploy',
  newEnvironment: 'run',
  ownsLedger: true,
  retentionDays: 365,
  endpointUrl: undefined,
};

/** A deployed task, named by its version unless told otherwise. */
export function deployed(version: string, fields: Partial<ManifestTask> = {}): ManifestTask {
  const name = fields.name ?? `task_${version}`;
  return {
    version,
    name,
    file: `${version}_${name}.ts`,
    checksum: 'c1',
    description: name,
    when: 'once',
    delivery: 'at-least-once',
    tags: [],
    takesParams: false,
    secretParams: [],
    ...fields,
  };
}

export function manifestOf(...tasks: ManifestTask[]): Manifest {
  return { v: 1, tasks };
}

export function selectedTask(version: string, fields: Partial<SelectedTask> = {}): SelectedTask {
  return {
    version,
    name: `task_${version}`,
    when: 'once',
    delivery: 'at-least-once',
    onFailure: 'fail-deploy',
    ...fields,
  };
}

/** A run that began at second 0. */
export function runOf(selection: SelectedTask[], fields: Partial<RunRecord> = {}): RunRecord {
  return {
    schema: 1,
    runId: RUN,
    trigger: 'deploy',
    by: config.stackId,
    state: 'running',
    summary: 'running',
    startedAt: at(0),
    selection,
    ...fields,
  };
}

/** A task that this run executed in 12 seconds. */
export function recordOf(version: string, fields: Partial<TaskRecord> = {}): TaskRecord {
  return {
    schema: 1,
    version,
    name: `task_${version}`,
    state: 'succeeded',
    summary: 'as it is',
    attempt: 1,
    history: [],
    startedAt: at(0),
    finishedAt: at(12),
    lastRun: RUN,
    ...(fields.state === undefined || fields.state === 'succeeded' ? { succeededAt: at(12) } : {}),
    ...fields,
  };
}

/** A task that an invocation executes until second 60. */
export function runningRecord(version: string, fields: Partial<TaskRecord> = {}): TaskRecord {
  const { finishedAt, lastRun, ...record } = recordOf(version, { state: 'failed' });
  return { ...record, state: 'running', run: RUN, owner: 'token', leaseUntil: at(60), ...fields };
}

export function recordsOf(...records: TaskRecord[]): Map<string, TaskRecord> {
  return new Map(records.map((record) => [record.version, record]));
}

export interface LoggedLine {
  readonly level: 'info' | 'error' | 'report';
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

/** The controller on a ledger of the emulator; nothing executes what it starts. */
export class TestParty {
  readonly ledger: TestLedger;
  readonly started: string[] = [];
  readonly logged: LoggedLine[] = [];
  /** Seconds since the tests' beginning of time. */
  now = 100;
  readonly ports: ControllerPorts;
  readonly #controller: Controller;

  constructor(table: TestTable, manifest: Manifest, ports: Partial<ControllerPorts> = {}) {
    this.ledger = table.open();
    const log =
      (level: LoggedLine['level']) =>
      (message: string, fields: Record<string, unknown> = {}) => {
        this.logged.push({ level, message, fields });
      };
    this.ports = {
      config,
      manifest,
      ledger: this.ledger,
      workflow: {
        isRunning: async () => false,
        check: async () => undefined,
        start: async (runId) => {
          this.started.push(runId);
          return 'started';
        },
      },
      stacks: { describe: async () => ({ status: 'UPDATE_COMPLETE', rootStatus: 'UPDATE_COMPLETE' }) },
      runnerLogs: { read: async () => ({ lines: [], token: null }), tail: async () => [] },
      log: { info: log('info'), error: log('error'), report: log('report') },
      now: () => Date.parse(at(this.now)),
      ...ports,
    };
    this.#controller = createController(this.ports);
  }

  /** Sends an event as Lambda does, as JSON. */
  send(event: unknown, qualifier?: string): Promise<unknown> {
    const arn = `arn:aws:lambda:eu-west-1:123456789012:function:${FUNCTION}`;
    return this.#controller(JSON.parse(JSON.stringify(event)), {
      functionName: FUNCTION,
      invokedFunctionArn: qualifier === undefined ? arn : `${arn}:${qualifier}`,
    });
  }

  /** The answer to a request of the CLI, which must be one. */
  async ask<T>(message: Record<string, unknown>): Promise<T> {
    const answer = (await this.send({ v: 1, ...message })) as ControllerAnswer<T>;
    if ('ok' in answer) return answer.ok;
    throw new Error(`${answer.error.code}: ${answer.error.message}`);
  }

  /** The refusal of a request, which must be one. */
  async refusal(
    message: Record<string, unknown>,
  ): Promise<{ code: string; message: string; resolution?: string }> {
    const answer = (await this.send({ v: 1, ...message })) as ControllerAnswer<unknown>;
    if ('error' in answer) return answer.error;
    throw new Error(`not refused: ${JSON.stringify(answer.ok)}`);
  }

  /** Has a task executed by hand of an earlier run. */
  async executed(
    version: string,
    state: 'succeeded' | 'failed' | 'in-doubt',
    runId = OTHER_RUN,
  ): Promise<void> {
    const claimed = await this.claim(version, runId);
    await this.ledger.tasks.finish(claimed, { state }, at(10));
  }

  async claim(version: string, runId = OTHER_RUN, leaseUntil = at(60)) {
    const task = this.ports.manifest.tasks.find((entry) => entry.version === version);
    const name = task?.name ?? `task_${version}`;
    return won(await this.ledger.tasks.claim(request({ task: { version, name }, runId, leaseUntil })));
  }
}

export function newRunId(): string {
  return randomBytes(16).toString('hex');
}
