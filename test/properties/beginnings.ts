import type { RunRecord, SelectedTask, TaskRecord } from '../../functions/ledger/index.ts';
import { versionKey } from '../../functions/task/version.ts';
import type { Oracle } from './oracle.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';
import { taskOf } from './subjects.ts';

/** A run as a runner last saw it. */
interface Look {
  readonly run: RunRecord | undefined;
  readonly isUndone: boolean;
  readonly at: number;
}

/** A runner looks at its run every ten seconds, and a look may take its time. */
const OLDEST_LOOK_MS = 15_000;

/** What must hold when a task's own function, or that of a child of it, begins. */
export class Beginnings {
  readonly #simulation: Simulation;
  readonly #oracle: Oracle;
  /** What each task was like, and the look at each run when it began to execute. */
  readonly #past = new Map<string, (TaskRecord | undefined)[]>();
  readonly #since = new Map<string, Map<string, number>>();
  /** Owners under which a task was begun since somebody last reset it. */
  readonly #begun = new Map<string, { owner: string; runId: string }[]>();
  /** By the process that has looked at its run since its last claim. */
  readonly #looks = new Map<SimulatedProcess, Look>();
  /** The task of the child that it has claimed, as it last saw it. */
  readonly #tasksSeen = new Map<SimulatedProcess, TaskRecord | undefined>();

  constructor(simulation: Simulation, oracle: Oracle) {
    this.#simulation = simulation;
    this.#oracle = oracle;
  }

  taskChanged(key: string, record: TaskRecord): void {
    this.#past.set(key, [...(this.#past.get(key) ?? [undefined]), record]);
  }

  runChanged({ runId }: RunRecord): void {
    if (this.#since.has(runId)) return;
    this.#since.set(runId, new Map([...this.#past].map(([key, past]) => [key, past.length - 1])));
  }

  claimed(process: SimulatedProcess): void {
    this.#looks.delete(process);
    this.#tasksSeen.delete(process);
  }

  lookedAtTask(process: SimulatedProcess, key: string): void {
    this.#tasksSeen.set(process, this.#oracle.tasks.get(key));
  }

  looked(process: SimulatedProcess, runId: string): void {
    const { runs, isUndone } = this.#oracle;
    this.#looks.set(process, { run: runs.get(runId), isUndone, at: this.#simulation.now });
  }

  /** What was planned or made pending anew is begun for the first time. */
  forget(key: string): void {
    this.#begun.delete(key);
  }

  /** A further try of the same attempt is no beginning. */
  begins(
    process: SimulatedProcess,
    key: string,
    runId: string,
    record: TaskRecord | undefined,
    from: TaskRecord | undefined,
  ): void {
    const owner = String(record?.owner);
    const begun = this.#begun.get(key) ?? [];
    if (begun.some((other) => other.owner === owner)) return;
    this.#begun.set(key, [...begun, { owner, runId }]);
    const run = this.#oracle.runs.get(runId);
    const selected = run?.selection?.find((task) => versionKey(task.version) === taskOf(key));
    if (run === undefined || selected === undefined) {
      this.#oracle.forbid(true, `invariant 12: ${key} is executed by a run that has not selected it`);
      return;
    }
    const who = `${key} is begun by a ${run.trigger}`;
    this.#judgeRun(process, run, who);
    if (key !== taskOf(key)) this.#judgeTask(process, run, record, who);
    this.#judgeEarlier(run, begun, from, who);
    // A dry run has no effect that could be had twice.
    const isBegunBefore = begun.some((other) => this.#oracle.runs.get(other.runId)?.dryRun !== true);
    this.#judgeState(key, run, selected, isBegunBefore, from, who);
    for (const task of run.selection ?? []) {
      if (task === selected) break;
      this.#oracle.forbid(
        !this.#isPassed(task, run),
        `invariant 11: ${who} before ${task.version} was settled`,
      );
    }
  }

  /**
   * A cancel that comes after the runner has looked at its run finds the task begun, though nothing of its own may
   * have been called yet: what goes through items first counts them, and may hold itself back. It is stopped at the
   * next look, as is whatever else the cancel finds executing.
   */
  #judgeRun(process: SimulatedProcess, run: RunRecord, who: string): void {
    const look = this.#looks.get(process);
    const seen = look?.run;
    this.#oracle.forbid(seen === undefined, `${who} at which nobody has looked since the claim`);
    if (look === undefined || seen === undefined) return;
    const age = this.#simulation.now - look.at;
    this.#oracle.forbid(age > OLDEST_LOOK_MS, `${who} at which nobody has looked for ${age} ms`);
    this.#oracle.forbid(
      seen.request !== undefined,
      `invariant 7: ${who} that is cancelled (${seen.request?.cause})`,
    );
    this.#oracle.forbid(seen.state !== 'running', `${who} that is ${seen.state}`);
    this.#oracle.forbid(
      run.trigger === 'deploy' && run.parent === undefined && look.isUndone,
      `invariant 7: ${who} while the stack is being undone`,
    );
    this.#oracle.forbid(
      run.parent !== undefined && !this.#oracle.committed.has(run.parent),
      `${who} that starts before its deploy has committed`,
    );
  }

  /** A child is executed as long as its task's run wants it to be. */
  #judgeTask(process: SimulatedProcess, run: RunRecord, child: TaskRecord | undefined, who: string): void {
    const task = this.#tasksSeen.get(process);
    this.#oracle.forbid(task?.children?.plan !== child?.plan, `${who}, and it is of another plan`);
    // A dry run leaves the task as it is: at rest.
    const isOpen = task?.state === 'fanned-out';
    this.#oracle.forbid(isOpen === (run.dryRun === true), `${who}, though its task is ${task?.state}`);
    if (run.dryRun === true) return;
    this.#oracle.forbid(task?.run !== run.runId, `${who}, though its task is seen to by run ${task?.run}`);
    this.#oracle.forbid(task?.request !== undefined, `${who}, though its task is to ${task?.request?.kind}`);
  }

  #judgeEarlier(
    run: RunRecord,
    earlier: readonly { runId: string }[],
    from: TaskRecord | undefined,
    who: string,
  ): void {
    const goesOn = from !== undefined && isYielded(from);
    this.#oracle.forbid(
      earlier.at(-1)?.runId === run.runId && !goesOn,
      `${who} that was the last to execute it`,
    );
    const before = earlier.findLastIndex((other) => other.runId === run.runId);
    const others = before === -1 ? [] : earlier.slice(before + 1);
    // Of two that people ask for at the same moment, neither can know of the other. And what a person has had
    // executed meanwhile, without success, a deploy that is still under way finds due again.
    const isAsked = [run, ...others].some(({ runId }) => this.#oracle.runs.get(runId)?.trigger !== 'deploy');
    this.#oracle.forbid(others.length > 0 && !isAsked, `${who} in turns with another run`);
  }

  #judgeState(
    key: string,
    run: RunRecord,
    selected: SelectedTask,
    isBegunBefore: boolean,
    from: TaskRecord | undefined,
    who: string,
  ): void {
    if (run.trigger === 'invoke') return;
    const isChild = key !== taskOf(key);
    this.#oracle.forbid(!isChild && from?.state === 'paused', `${who} though it is paused`);
    if (!isChild && selected.when === 'every-deploy') return;
    const { childDelivery = selected.delivery } = selected;
    this.#oracle.forbid(from?.succeededAt !== undefined, `invariant 2: ${who} though it has succeeded`);
    this.#oracle.forbid(
      ['skipped', 'baselined', 'in-doubt', ...(isChild ? [] : ['cancelled'])].includes(from?.state ?? ''),
      `${who} though it is ${from?.state}`,
    );
    this.#oracle.forbid(
      (isChild ? childDelivery : selected.delivery) === 'at-most-once' && isBegunBefore,
      `at-most-once: ${who} though it was begun before`,
    );
  }

  /** What a task has been like since the run began. */
  #seenBy(run: RunRecord, key: string): (TaskRecord | undefined)[] {
    return (this.#past.get(key) ?? [undefined]).slice(this.#since.get(run.runId)?.get(key) ?? 0);
  }

  /** Whether, at any time since the run began, what the task comes after had not succeeded. */
  #isHeldBack({ after = [] }: SelectedTask, run: RunRecord): boolean {
    const isUnmet = (record?: TaskRecord) =>
      record?.succeededAt === undefined && !['skipped', 'baselined'].includes(String(record?.state));
    return after.some(({ version }) => this.#seenBy(run, versionKey(version)).some(isUnmet));
  }

  /** Whether a task, at any time since the run began, left the way free for those behind it. */
  #isPassed(task: SelectedTask, run: RunRecord): boolean {
    if (task.onFailure === 'continue' && this.#isHeldBack(task, run)) return true;
    const key = versionKey(task.version);
    const since = this.#since.get(run.runId)?.get(key) ?? 0;
    return this.#seenBy(run, key).some((record) => {
      if (record === undefined) return false;
      const ranHere = record.lastRun === run.runId && record.state !== 'running';
      if (ranHere && record.state === 'succeeded') return true;
      const isNew = since < (this.#past.get(key)?.indexOf(record) ?? 0);
      const isDismissed = ['skipped', 'baselined', 'cancelled', 'paused'].includes(record.state);
      if (isDismissed && (run.trigger !== 'invoke' || isNew)) return true;
      // What was stopped for a reason has failed as far as the run is concerned.
      const isStopped = record.state === 'interrupted' && record.reason !== undefined;
      const hasFailed = isStopped || ['failed', 'in-doubt'].includes(record.state);
      const isTolerated = task.onFailure === 'continue' && hasFailed;
      if (isTolerated && (ranHere || record.state === 'in-doubt')) return true;
      const isRepeated = task.when === 'every-deploy' || run.trigger === 'invoke';
      return !isRepeated && record.succeededAt !== undefined;
    });
  }
}

/** Whether it goes on in the next invocation. */
export function isYielded({ state, reason }: TaskRecord): boolean {
  return state === 'interrupted' && reason === undefined;
}
