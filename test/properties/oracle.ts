import { isDeepStrictEqual } from 'node:util';
import { type DynamoDBDocument, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { RunRecord, TaskRecord, WriteSite } from '../../functions/ledger/index.ts';
import { parseRunRecord, parseTaskRecord } from '../../functions/ledger/records.ts';
import { versionKey } from '../../functions/task/version.ts';
import { Beginnings, isYielded } from './beginnings.ts';
import { ChildrenOracle } from './children-oracle.ts';
import type { Coverage } from './coverage.ts';
import { ItemsOracle } from './items-oracle.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';
import { subjectAt } from './subjects.ts';

/** A task's function while it executes. */
interface Execution {
  readonly process: SimulatedProcess;
  readonly key: string;
  readonly runId: string;
}

/** Watches every write and every execution of a task's function, and says what should never have been. */
export class Oracle {
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  readonly tasks = new Map<string, TaskRecord>();
  readonly runs = new Map<string, RunRecord>();
  /** Set while the stack undoes something and CloudFormation has been told that nothing was started. */
  isUndone = false;
  /** The runs of deploys that CloudFormation will not take back. */
  readonly committed = new Set<string>();
  readonly #simulation: Simulation;
  readonly #client: DynamoDBDocument;
  readonly #tableName: string;
  readonly #coverage: Coverage;
  readonly #executing = new Set<Execution>();
  /** Whether the function has returned, by the owner token of its claim. */
  readonly #returned = new Set<string>();
  /** What each task was like before it was claimed. */
  readonly #claimedFrom = new Map<string, TaskRecord | undefined>();
  readonly #beginnings: Beginnings;
  readonly #items: ItemsOracle;
  readonly #children: ChildrenOracle;
  #baselined = new Set<string>();

  constructor(simulation: Simulation, client: DynamoDBDocument, tableName: string, coverage: Coverage) {
    this.#simulation = simulation;
    this.#client = client;
    this.#tableName = tableName;
    this.#coverage = coverage;
    this.#beginnings = new Beginnings(simulation, this);
    this.#items = new ItemsOracle(this);
    this.#children = new ChildrenOracle(this);
  }

  say(line: string): void {
    this.trace.push(
      `${((this.#simulation.now - Date.parse('2026-11-20T09:00:00Z')) / 1000).toFixed(2)} ${line}`,
    );
  }

  forbid(condition: boolean, message: string): void {
    if (!condition) return;
    this.say(`VIOLATED: ${message}`);
    this.violations.push(message);
  }

  isBaselined(version: string): boolean {
    return this.#baselined.has(versionKey(version));
  }

  async wrote(site: WriteSite, key: { pk: string; sk: string }, process: SimulatedProcess): Promise<void> {
    const command = new GetCommand({ TableName: this.#tableName, Key: key, ConsistentRead: true });
    const { Item: item } = await this.#client.send(command);
    const isOfTask = site.startsWith('task.') || site.startsWith('child.');
    if (isOfTask && item !== undefined) this.#wroteTask(site, subjectAt(key), parseTaskRecord(item), process);
    else if (site.startsWith('run.') && item !== undefined) this.#wroteRun(parseRunRecord(item));
    else if (site.startsWith('party.')) this.#baselined = new Set(item?.baselined as Set<string> | undefined);
  }

  /** A runner has looked at its run. */
  looked(process: SimulatedProcess, runId: string): void {
    this.#beginnings.looked(process, runId);
  }

  /** A runner has looked at a task. */
  lookedAtTask(process: SimulatedProcess, key: string): void {
    this.#beginnings.lookedAtTask(process, key);
  }

  #wroteTask(site: WriteSite, key: string, record: TaskRecord, process: SimulatedProcess): void {
    const before = this.tasks.get(key);
    // Whether a lease is over is for the process to say, by its own clock.
    const now = process.now();
    const from = this.stateOf(key, now);
    if (site.startsWith('child.')) this.#children.wroteChild(site, key, before, record, now);
    this.tasks.set(key, record);
    this.say(`  ${key}: ${from} -> ${this.stateOf(key, now)} (${site}, attempt ${record.attempt})`);
    this.#coverage.took(site.replace('task.', ''), from, this.stateOf(key, now));
    this.#beginnings.taskChanged(key, record);
    const isDryRun = this.runs.get(String(before?.run))?.dryRun === true;
    if (site.startsWith('task.') && !isDryRun) this.#children.wroteTask(site, key, before, record);
    const act = site.slice(site.indexOf('.') + 1);
    if (act === 'claim') this.#claimed(key, before, record, process);
    else this.#items.wrote(site, key, this.#claimedFrom.get(key), before, record, isDryRun);
    if (act === 'finish' && isDryRun) this.#judgeDryRun(key, record);
    else if (act === 'finish') this.#finished(key, before, record, process);
    if (act === 'settle') this.#judgeHistory(key, before, record);
    if (act === 'release') {
      const claimed = this.#claimedFrom.get(key);
      this.forbid(record.attempt !== (claimed?.attempt ?? 0), `the release of ${key} counts as an attempt`);
    }
    if (act === 'plan' || (act === 'correct' && record.state === 'pending')) this.#beginnings.forget(key);
  }

  #claimed(key: string, before: TaskRecord | undefined, record: TaskRecord, process: SimulatedProcess): void {
    this.#beginnings.claimed(process);
    this.#claimedFrom.set(key, before);
    this.#items.claimed(key, before, record, this.runs.get(String(record.run))?.fromStart === true);
    this.forbid(record.attempt !== (before?.attempt ?? 0) + 1, `the claim of ${key} was not counted once`);
  }

  #finished(
    key: string,
    before: TaskRecord | undefined,
    record: TaskRecord,
    process: SimulatedProcess,
  ): void {
    this.forbid(before?.state !== 'running', `${key} is finished, though nobody executes it`);
    this.forbid(before?.owner !== record.owner, `${key} is finished by another than its owner`);
    for (const execution of this.#executing) {
      if (execution.key === key && execution.process === process) this.#executing.delete(execution);
    }
    this.forbid(
      record.state === 'succeeded' && !this.#items.iterates(key) && !this.#returned.has(String(record.owner)),
      `invariant 3: ${key} is recorded as succeeded, but its function did not return`,
    );
    this.#judgeHistory(key, before, record);
  }

  #judgeHistory(key: string, before: TaskRecord | undefined, record: TaskRecord): void {
    const last = record.history.at(-1);
    this.forbid(
      !isYielded(record) && (last?.attempt !== record.attempt || last.state !== record.state),
      `the history of ${key} does not end with its attempt ${record.attempt}`,
    );
    this.forbid(
      before?.succeededAt !== undefined && record.succeededAt === undefined,
      `invariant 2: ${key} has lost its success`,
    );
  }

  #judgeDryRun(key: string, record: TaskRecord): void {
    const claimed = this.#claimedFrom.get(key);
    const state = claimed?.state ?? 'pending';
    this.forbid(record.state !== state, `the dry run of ${key} left it ${record.state}, and it was ${state}`);
    this.forbid(
      record.succeededAt !== claimed?.succeededAt || !isDeepStrictEqual(record.progress, claimed?.progress),
      `the dry run of ${key} left more than that it was`,
    );
  }

  #wroteRun(run: RunRecord): void {
    const from = this.runs.get(run.runId)?.state ?? 'no record';
    if (from !== run.state) this.#coverage.took('run', from, run.state);
    this.say(
      `  run ${run.runId.slice(0, 6)}: ${from} -> ${run.state}${run.request === undefined ? '' : ' (cancel requested)'}`,
    );
    this.runs.set(run.runId, run);
    if (run.state === 'failed') this.#judgeFailure(run);
    this.#beginnings.runChanged(run);
  }

  #judgeFailure(run: RunRecord): void {
    const broken = (run.selection ?? []).filter((task) => {
      const record = this.tasks.get(versionKey(task.version));
      return record?.lastRun === run.runId && ['failed', 'in-doubt'].includes(record.state);
    });
    const text = run.answer?.text ?? '';
    const isNamed = run.selection?.some((task) => text.includes(`${task.version}_${task.name}`));
    // Then it is the runner that is broken.
    const isRunner = /the runner does not load|the runner could not be called/.test(text);
    this.forbid(
      broken.length > 0 && !isNamed && !isRunner,
      `invariant 9: a run does not name what is broken: ${text}`,
    );
  }

  /** The state as people are shown it. */
  stateOf(key: string, now: number = this.#simulation.now): string {
    const record = this.tasks.get(key);
    if (record === undefined) return this.isBaselined(key) ? 'baselined' : 'no record';
    const isOver = Date.parse(record.leaseUntil ?? '') < now;
    return record.state === 'running' && isOver ? 'stale' : record.state;
  }

  begins(process: SimulatedProcess, key: string, runId: string, attempt: number): () => void {
    const record = this.tasks.get(key);
    this.say(`  ${key} begins, attempt ${attempt}, in ${process.name}`);
    for (const other of this.#executing) {
      this.forbid(
        other.key === key && other.process !== process && !other.process.isDead,
        `invariant 1: ${key} is executed by ${process.name} and ${other.process.name} at the same time`,
      );
    }
    this.forbid(record?.state !== 'running', `${key} is executed, but not recorded as running`);
    this.forbid(
      record?.attempt !== attempt,
      `${key} is told attempt ${attempt}, recorded is ${record?.attempt}`,
    );
    this.#beginnings.begins(process, key, runId, record, this.#claimedFrom.get(key));
    const execution = { process, key, runId };
    this.#executing.add(execution);
    return () => this.#executing.delete(execution);
  }

  /** No item twice but what may not have been saved, or what a person wants anew. */
  beginsItems(key: string, items: readonly number[], isDryRun: boolean): void {
    this.say(`  ${key} processes ${items}`);
    this.#items.begins(key, this.tasks.get(key), items, isDryRun);
  }

  completes(key: string, items: readonly number[], isDryRun: boolean): void {
    this.say(`  ${key} completes ${items}`);
    if (!isDryRun) this.#items.completes(key, items);
  }

  isExecuting(runId: string): boolean {
    return [...this.#executing].some((execution) => execution.runId === runId && !execution.process.isDead);
  }

  returns(key: string): void {
    this.say(`  ${key} returns`);
    this.#returned.add(String(this.tasks.get(key)?.owner));
  }
}
