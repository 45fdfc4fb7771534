import { randomBytes, randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { vi } from 'vitest';
import {
  Ledger,
  LedgerTable,
  type RunRecord,
  type SelectedTask,
  type TaskRecord,
} from '../../../functions/ledger/index.ts';
import { type RunnerPorts, type RunnerTiming, TIMING } from '../../../functions/runner/ports.ts';
import { runnerFor } from '../../../functions/runner/runner.ts';
import type { TaskFile } from '../../../functions/runner/task-file.ts';
import { defineTask, type Task } from '../../../functions/task/define-task.ts';
import type { TaskOptions } from '../../../functions/task/task-options.ts';
import { versionKey } from '../../../functions/task/version.ts';
import type { RunnerReport, Work } from '../../../functions/workflow-messages.ts';
import type { Dynalite } from '../../dynalite.ts';

/** Thrown where a real runner would end its process. */
export class ProcessEnded extends Error {}

export interface InvokeOptions {
  /** What Lambda's context says is left. */
  readonly remainingMs?: number;
  readonly deadline?: string;
  readonly versions?: readonly string[];
  readonly child?: number;
  readonly share?: number;
}

/** A party on its own ledger, whose runs are begun as the controller would. */
export class TestParty {
  readonly ledger: Ledger;
  readonly files: TaskFile[] = [];
  readonly selection: SelectedTask[] = [];
  ports: RunnerPorts;

  constructor(database: Dynalite, tableName: string, ports: Partial<RunnerPorts> = {}) {
    this.ledger = new Ledger(new LedgerTable(database.client, tableName, `party-${randomUUID()}`));
    this.ports = {
      files: this.files,
      ledger: this.ledger,
      environmentName: 'test',
      timeoutSeconds: 900,
      variables: { USERS_TABLE: 'users', AFTER_PARTY_TABLE: 'ours' },
      now: Date.now,
      timing: { ...TIMING, second: 1, grace: 10_000, cancelPoll: 20 },
      endProcess: async () => {
        throw new ProcessEnded();
      },
      ...ports,
    };
  }

  setTiming(timing: Partial<RunnerTiming>): void {
    this.ports = { ...this.ports, timing: { ...this.ports.timing, ...timing } };
  }

  /** Has the runner's clock stand still: only timers tell the time, and beginning a task takes none of it. */
  stopClock(): number {
    const now = Date.now();
    this.ports = { ...this.ports, now: () => now };
    return now;
  }

  /** A deadline so many milliseconds after the task has begun. */
  deadlineIn(milliseconds: number): string {
    return new Date(this.stopClock() + milliseconds).toISOString();
  }

  /** Adds a task; its name is its version's. */
  add(version: string, options: TaskOptions | TaskFile['load'], selected: Partial<SelectedTask> = {}): this {
    const load = typeof options === 'function' ? options : async () => ({ default: defineTask(options) });
    const delivery = typeof options === 'function' ? 'at-least-once' : (options.delivery ?? 'at-least-once');
    return this.#select(version, load, { delivery, ...selected });
  }

  /** Adds a task that is split. */
  addSplit(version: string, task: Task, selected: Partial<SelectedTask> = {}): this {
    const childDelivery = task.delivery;
    return this.#select(version, async () => ({ default: task }), { childDelivery, ...selected });
  }

  /** Has a file say something else of its task from now on. */
  rewrite(version: string, task: Task): void {
    const index = this.files.findIndex((file) => file.version === version);
    const file = this.files[index];
    if (file !== undefined) this.files[index] = { ...file, load: async () => ({ default: task }) };
  }

  #select(version: string, load: TaskFile['load'], selected: Partial<SelectedTask>): this {
    const name = `task_${versionKey(version)}`;
    this.files.push({ version, name, file: `${version}_${name}.ts`, checksum: 'c0ffee', load });
    const usual = { when: 'once', delivery: 'at-least-once', onFailure: 'fail-deploy' } as const;
    this.selection.push({ version, name, ...usual, ...selected });
    return this;
  }

  /** Records a run that has selected all tasks. */
  async begin(fields: Partial<RunRecord> = {}): Promise<string> {
    const runId = randomBytes(16).toString('hex');
    await this.ledger.runs.accept({
      schema: 1,
      runId,
      trigger: 'deploy',
      by: 'a stack',
      state: 'accepted',
      summary: 'accepted',
      startedAt: new Date().toISOString(),
      ...fields,
    });
    await this.ledger.runs.begin(runId, this.selection, false);
    return runId;
  }

  invoke(runId: string, options: InvokeOptions = {}): Promise<RunnerReport> {
    const { remainingMs = 900_000, versions = this.selection.map(({ version }) => versionKey(version)) } =
      options;
    const work: Work = {
      v: 1,
      runId,
      versions: [...versions],
      timeoutSeconds: 900,
      ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
      ...(options.child === undefined ? {} : { child: options.child }),
      ...(options.share === undefined ? {} : { share: options.share }),
    };
    const context = { awsRequestId: `request-${randomUUID()}`, getRemainingTimeInMillis: () => remainingMs };
    return runnerFor(() => this.ports)(work, context as Context);
  }

  /** Begins a run and invokes the runner for it. */
  async deploy(options: InvokeOptions = {}): Promise<{ runId: string; report: RunnerReport }> {
    const runId = await this.begin();
    return { runId, report: await this.invoke(runId, options) };
  }

  async record(version: string): Promise<TaskRecord> {
    const record = await this.ledger.tasks.get(version);
    if (record === undefined) throw new Error(`task ${version} has no record`);
    return record;
  }

  /** The children of a task as the ledger has them, in the order of their numbers. */
  async children(version: string): Promise<TaskRecord[]> {
    const { children } = await this.record(version);
    if (children === undefined) throw new Error(`task ${version} has no children`);
    const records = Array.from({ length: children.count }, (_, index) => this.child(version, index + 1));
    return Promise.all(records);
  }

  async child(version: string, number: number): Promise<TaskRecord> {
    const record = await this.ledger.children(version).at(number).get(version);
    if (record === undefined) throw new Error(`child ${number} of task ${version} has no record`);
    return record;
  }

  /** Has the children of a task executed one after the other, as the workflow would side by side. */
  async invokeChildren(runId: string, version: string, options: InvokeOptions = {}): Promise<void> {
    const { children } = await this.record(version);
    for (let child = 1; child <= (children?.count ?? 0); child++) {
      await this.invoke(runId, { ...options, versions: [version], child });
    }
  }

  async states(): Promise<Record<string, string>> {
    const all = await this.ledger.tasks.all();
    return Object.fromEntries(
      [...all].map(([key, record]) => [key, 'state' in record ? record.state : 'damaged']),
    );
  }
}

/** Collects what is written to stdout and stderr. */
export function captureOutput(): { text(): string; lines(): Record<string, unknown>[]; restore(): void } {
  const chunks: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      chunks.push(String(chunk));
      return true;
    }),
  );
  return {
    text: () => chunks.join(''),
    lines: () =>
      chunks
        .join('')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    restore: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
