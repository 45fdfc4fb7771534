import { isDeepStrictEqual } from 'node:util';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { RunRecord, SelectedTask, TaskRecord, WriteSite } from '../../functions/ledger/index.ts';
import { parseRunRecord, parseTaskRecord } from '../../functions/ledger/records.ts';
import { versionKey } from '../../functions/task/version.ts';
import type { Coverage } from './coverage.ts';
import { ItemsOracle } from './items-oracle.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';

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
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #coverage: Coverage;
  readonly #executing = new Set<Execution>();
  /** Whether the function has returned, by the owner token of its claim. */
  readonly #returned = new Set<string>();
  /** What each task was like, and the look at each run when it began to execute. */
  readonly #past = new Map<string, (TaskRecord | undefined)[]>();
  readonly #since = new Map<string, Map<string, number>>();
  /** What each task was like before it was claimed. */
  readonly #claimedFrom = new Map<string, TaskRecord | undefined>();
  /** Owners under which a task was begun since somebody last reset it. */
  readonly #begun = new Map<string, { owner: string; runId: string }[]>();
  readonly #items: ItemsOracle;
  #baselined = new Set<string>();

  constructor(simulation: Simulation, client: DynamoDBDocumentClient, tableName: string, coverage: Coverage) {
    this.#simulation = simulation;
    this.#client = client;
    this.#tableName = tableName;
    this.#coverage = coverage;
    this.#items = new ItemsOracle(this);
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
    if (site.startsWith('task.') && item !== undefined) {
      this.#wroteTask(site, key.sk.slice('task#'.length), parseTaskRecord(item), process);
    } else if (site.startsWith('run.') && item !== undefined) this.#wroteRun(parseRunRecord(item));
    else if (site.startsWith('party.')) this.#baselined = new Set(item?.baselined as Set<string> | undefined);
  }

  #wroteTask(site: WriteSite, key: string, record: TaskRecord, process: SimulatedProcess): void {
    const before = this.tasks.get(key);
    // Whether a lease is over is for the process to say, by its own clock.
    const from = this.stateOf(key, process.now());
    this.tasks.set(key, record);
    this.say(`  ${key}: ${from} -> ${this.stateOf(key, process.now())} (${site}, attempt ${record.attempt})`);
    this.#coverage.took(site.slice('task.'.length), from, this.stateOf(key, process.now()));
    this.#past.set(key, [...(this.#past.get(key) ?? [undefined]), record]);
    if (site === 'task.claim') {
      this.#claimedFrom.set(key, before);
      this.#items.claimed(key, before, record, this.runs.get(String(record.run))?.fromStart === true);
      this.forbid(record.attempt !== (before?.attempt ?? 0) + 1, `the claim of ${key} was not counted once`);
    }
    const isDryRun = this.runs.get(String(before?.run))?.dryRun === true;
    if (site !== 'task.claim')
      this.#items.wrote(site, key, this.#claimedFrom.get(key), before, record, isDryRun);
    if (site === 'task.finish' && isDryRun) this.#judgeDryRun(key, record);
    else if (site === 'task.finish') {
      this.forbid(before?.state !== 'running', `${key} is finished, though nobody executes it`);
      this.forbid(before?.owner !== record.owner, `${key} is finished by another than its owner`);
      for (const execution of this.#executing) {
        if (execution.key === key && execution.process === process) this.#executing.delete(execution);
      }
      this.forbid(
        record.state === 'succeeded' &&
          !this.#items.iterates(key) &&
          !this.#returned.has(String(record.owner)),
        `invariant 3: ${key} is recorded as succeeded, but its function did not return`,
      );
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
    if (site === 'task.release') {
      const claimed = this.#claimedFrom.get(key);
      this.forbid(record.attempt !== (claimed?.attempt ?? 0), `the release of ${key} counts as an attempt`);
    }
    if (site === 'task.correct' && record.state === 'pending') this.#begun.delete(key);
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
    if (this.#since.has(run.runId)) return;
    this.#since.set(run.runId, new Map([...this.#past].map(([key, past]) => [key, past.length - 1])));
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

  begins(process: SimulatedProcess, version: string, runId: string, attempt: number): () => void {
    const key = versionKey(version);
    const record = this.tasks.get(key);
    this.say(`  ${key} begins, attempt ${attempt}, in ${process.name}`);
    for (const other of this.#executing) {
      this.forbid(
        other.key === key && other.process !== process && !other.process.isDead,
        `invariant 1: ${key} is executed by ${process.name} and ${other.process.name} at the same time`,
      );
    }
    const owner = String(record?.owner);
    const begun = this.#begun.get(key) ?? [];
    this.forbid(record?.state !== 'running', `${key} is executed, but not recorded as running`);
    this.forbid(
      record?.attempt !== attempt,
      `${key} is told attempt ${attempt}, recorded is ${record?.attempt}`,
    );
    // A further try of the same attempt is no beginning: a cancel is seen within ten seconds.
    if (!begun.some((other) => other.owner === owner)) {
      this.#begun.set(key, [...begun, { owner, runId }]);
      this.#judgeBeginning(key, runId, begun);
    }
    const execution = { process, key, runId };
    this.#executing.add(execution);
    return () => this.#executing.delete(execution);
  }

  /** No item twice but what may not have been saved, or what a person wants anew. */
  beginsItems(version: string, items: readonly number[], isDryRun: boolean): void {
    const key = versionKey(version);
    this.say(`  ${key} processes ${items}`);
    this.#items.begins(key, this.tasks.get(key), items, isDryRun);
  }

  completes(version: string, items: readonly number[], isDryRun: boolean): void {
    this.say(`  ${versionKey(version)} completes ${items}`);
    if (!isDryRun) this.#items.completes(versionKey(version), items);
  }

  isExecuting(runId: string): boolean {
    return [...this.#executing].some((execution) => execution.runId === runId && !execution.process.isDead);
  }

  returns(version: string): void {
    this.#returned.add(String(this.tasks.get(versionKey(version))?.owner));
  }

  #judgeBeginning(key: string, runId: string, earlier: readonly { runId: string }[]): void {
    const run = this.runs.get(runId);
    const selected = run?.selection?.find((task) => versionKey(task.version) === key);
    if (run === undefined || selected === undefined) {
      this.forbid(true, `invariant 12: ${key} is executed by a run that has not selected it`);
      return;
    }
    const who = `${key} is begun by a ${run.trigger}`;
    this.forbid(run.request !== undefined, `invariant 7: ${who} that is cancelled (${run.request?.cause})`);
    this.forbid(run.state !== 'running', `${who} that is ${run.state}`);
    this.forbid(
      run.trigger === 'deploy' && run.parent === undefined && this.isUndone,
      `invariant 7: ${who} while the stack is being undone`,
    );
    this.forbid(
      run.parent !== undefined && !this.committed.has(run.parent),
      `${who} that starts before its deploy has committed`,
    );
    const from = this.#claimedFrom.get(key);
    const goesOn = from !== undefined && isYielded(from);
    this.forbid(earlier.at(-1)?.runId === runId && !goesOn, `${who} that was the last to execute it`);
    const before = earlier.findLastIndex((other) => other.runId === runId);
    // Of two that people ask for at the same moment, neither can know of the other.
    const isAsked = run.trigger === 'invoke';
    this.forbid(!isAsked && before !== -1 && before < earlier.length - 1, `${who} in turns with another run`);
    this.forbid(run.trigger !== 'invoke' && from?.state === 'paused', `${who} though it is paused`);
    if (run.trigger !== 'invoke' && selected.when !== 'every-deploy') {
      this.forbid(from?.succeededAt !== undefined, `invariant 2: ${who} though it has succeeded`);
      this.forbid(
        ['skipped', 'cancelled', 'in-doubt'].includes(from?.state ?? ''),
        `${who} though it is ${from?.state}`,
      );
      this.forbid(
        selected.delivery === 'at-most-once' && earlier.length > 0,
        `at-most-once: ${who} though it was begun before`,
      );
    }
    for (const task of run.selection ?? []) {
      if (task === selected) break;
      this.forbid(!this.#isPassed(task, run), `invariant 11: ${who} before ${task.version} was settled`);
    }
  }

  /** Whether a task, at any time since the run began, left the way free for those behind it. */
  #isPassed(task: SelectedTask, run: RunRecord): boolean {
    const key = versionKey(task.version);
    const since = this.#since.get(run.runId)?.get(key) ?? 0;
    const seen = (this.#past.get(key) ?? []).slice(since);
    return seen.some((record) => {
      if (record === undefined) return false;
      const ranHere = record.lastRun === run.runId && record.state !== 'running';
      if (ranHere && record.state === 'succeeded') return true;
      if (['skipped', 'cancelled', 'paused'].includes(record.state) && run.trigger !== 'invoke') return true;
      if (
        ['skipped', 'cancelled', 'paused'].includes(record.state) &&
        since < (this.#past.get(key)?.indexOf(record) ?? 0)
      )
        return true;
      const isTolerated = task.onFailure === 'continue' && ['failed', 'in-doubt'].includes(record.state);
      if (isTolerated && (ranHere || record.state === 'in-doubt')) return true;
      const isRepeated = task.when === 'every-deploy' || run.trigger === 'invoke';
      return !isRepeated && record.succeededAt !== undefined;
    });
  }
}

/** Whether it goes on in the next invocation. */
function isYielded({ state, reason }: TaskRecord): boolean {
  return state === 'interrupted' && reason === undefined;
}
