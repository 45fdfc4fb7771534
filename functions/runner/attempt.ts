import { messageOf } from '../errors.ts';
import type { Children, RunRecord, SelectedTask, TaskDemands, TaskOutcome } from '../ledger/index.ts';
import type { RunContext } from '../task/context.ts';
import type { Task } from '../task/define-task.ts';
import { Bookmark } from './bookmark.ts';
import { withLogger } from './console-capture.ts';
import type { Holding } from './holding.ts';
import type { Invocation } from './invocation.ts';
import { shownItem } from './iteration/item-words.ts';
import { Iteration } from './iteration/iteration.ts';
import { loadTask } from './load-task.ts';
import { type Ending, outcomeOf } from './outcome.ts';
import { redactOutput } from './output-redaction.ts';
import { checkParams } from './params.ts';
import { childCount, childrenOf, type Planned, splitToPlan, writeChildren } from './planning.ts';
import { guardProcess } from './process-guard.ts';
import { Redactor } from './redaction.ts';
import { createResumption } from './resumption.ts';
import { StopSignal } from './stop-signal.ts';
import { StopWatch } from './stop-watch.ts';
import { createContext, type TryContext } from './task-context.ts';
import type { TaskFile } from './task-file.ts';
import { TaskLog } from './task-log.ts';
import { nextTurn } from './timers.ts';
import { tryTask } from './tries.ts';

/** A task that this invocation holds, and what it needs to execute it. */
export interface HeldTask {
  readonly invocation: Invocation;
  readonly run: RunRecord;
  readonly selected: SelectedTask;
  readonly file: TaskFile;
  readonly holding: Holding;
}

/** What came of an attempt; `lost` where somebody else has settled the task meanwhile. */
export type AttemptEnd = TaskOutcome['state'] | 'fanned-out' | 'lost';

/** One attempt at a claimed task or child, from its first log line to its record. */
export class Attempt {
  readonly #held: HeldTask;
  readonly #redactor = new Redactor();
  readonly #stop = new StopSignal();
  readonly #log: TaskLog;
  readonly #bookmark: Bookmark;
  readonly #watch: StopWatch;
  /** Of what is executed here; what splits a task has no effect of its own. */
  readonly #delivery: SelectedTask['delivery'];
  readonly #ending = Promise.withResolvers<Ending | Planned>();
  #iteration: Iteration | undefined;
  /** Whether the task's own function was called. */
  #began = false;
  /** Whether it was told to return before its end. */
  #yielded = false;

  constructor(held: HeldTask) {
    const { invocation, file, holding, run } = held;
    const { ports } = invocation;
    const { attempt, key, shard } = holding.claim;
    this.#held = held;
    this.#delivery = held.selected.childDelivery ?? held.selected.delivery;
    this.#redactor.hide(run.params, run.secretParams ?? []);
    const identity = {
      ...{ version: file.version, task: file.name, run: run.runId, attempt },
      ...(key === undefined ? {} : { key }),
      ...(shard === undefined ? {} : { shard: `${shard.index + 1}/${shard.count}` }),
    };
    this.#log = new TaskLog(identity, this.#redactor, ports.print);
    this.#watch = new StopWatch({
      invocation,
      holding,
      stop: this.#stop,
      log: this.#log,
      onUnsettled: () => this.#ending.resolve({ how: 'unsettled', isUnderWay: this.#isUnderWay }),
    });
    this.#bookmark = new Bookmark({
      ports,
      holding,
      log: this.#log,
      isSaved: run.dryRun !== true,
      onSaved: (demands) => this.#watch.obey(demands),
    });
  }

  /** Executes the task and records how it ended; does not return where the process must end with it. */
  async make(): Promise<AttemptEnd> {
    const { ports } = this.#held.invocation;
    let isEnding = false;
    const unguard = guardProcess((end) => {
      if (isEnding) this.#log.error(`${end.cause} after the task had ended`, { error: messageOf(end.error) });
      isEnding = true;
      this.#ending.resolve({ how: 'process-end', isUnderWay: this.#isUnderWay, ...end });
    });
    const unredact = redactOutput(this.#redactor);
    try {
      withLogger(this.#log, () => this.#execute()).then(this.#ending.resolve);
      const ended = await this.#ending.promise;
      isEnding = true;
      const mustEndProcess =
        ended.how === 'unsettled' || ended.how === 'process-end' || this.#iteration?.isSourceOpen === true;
      return await this.#record(ended).finally(() => (mustEndProcess ? ports.endProcess() : undefined));
    } finally {
      this.#watch.end();
      unredact();
      unguard();
    }
  }

  async #execute(): Promise<Ending | Planned> {
    const { file, run, invocation, holding } = this.#held;
    const { ports, lambda } = invocation;
    const { signal } = this.#stop;
    this.#log.info('task started');
    try {
      const task = await loadTask(file);
      const split = splitToPlan(task, holding.claim);
      const params = await this.#prepare(task);
      const retries = this.#delivery === 'at-most-once' ? 0 : task.retries;
      const iteration = split === undefined ? this.#iterationOf(task, retries) : undefined;
      this.#iteration = iteration;
      const isRun = iteration === undefined && split === undefined;
      const { claim } = holding;
      const source = { ports, lambda, file, run, params, claim, logger: this.#log, signal };
      let children: Children | undefined;
      const value = await tryTask({
        task,
        // Those of a task with items are made at each item.
        retries: iteration === undefined ? retries : 0,
        second: ports.timing.second,
        signal,
        createContext: () => createContext({ ...source, resumption: isRun ? this.#resumption() : undefined }),
        body: async (context) => {
          if (iteration !== undefined) return this.#iterate(iteration, context);
          if (split === undefined) return this.#run(task, context);
          const planned = await childrenOf(split, context);
          const { ledger, now } = ports;
          if (planned.length > 0 && run.dryRun !== true)
            children = await writeChildren({ split, ledger, claim, signal, now }, planned);
          return childCount(split.of, planned.length);
        },
      });
      // Node reports a rejection that nobody awaits after this turn: it belongs to the task.
      await nextTurn();
      if (children !== undefined) return { how: 'planned', children };
      if (!this.#yielded) return { how: 'returned', isUnderWay: false, value };
      const isUnderWay = iteration?.isUnderWay ?? false;
      return { how: 'stopped', isUnderWay, lastError: iteration?.lastError };
    } catch (error) {
      return { how: 'threw', isUnderWay: this.#isUnderWay, error };
    }
  }

  #iterationOf({ items }: Task, retries: number): Iteration | undefined {
    if (items === undefined) return undefined;
    const { invocation, run, holding } = this.#held;
    const { lastRun, shard } = holding.claim;
    return new Iteration({
      items,
      retries,
      limit: run.limit,
      isContinued: lastRun === run.runId,
      shard,
      stop: this.#stop,
      watch: this.#watch,
      bookmark: this.#bookmark,
      ports: invocation.ports,
    });
  }

  #resumption(): Pick<RunContext, 'cursor' | 'checkpoint'> {
    this.#yielded = false;
    return createResumption({
      bookmark: this.#bookmark,
      stop: this.#stop,
      watch: this.#watch,
      ports: this.#held.invocation.ports,
      onYield: () => {
        this.#yielded = true;
      },
    });
  }

  #run(task: Task, context: TryContext): unknown {
    this.#began = true;
    // It was created with the resumption of a task that runs as a whole.
    return task.run?.(context as TryContext & RunContext);
  }

  async #iterate(iteration: Iteration, context: TryContext): Promise<unknown> {
    const result = await iteration.go(context);
    this.#yielded = result === undefined;
    return result;
  }

  get #isUnderWay(): boolean {
    return this.#iteration?.isUnderWay ?? this.#began;
  }

  /** What is known of a task only once its module is loaded. */
  async #prepare(task: Task): Promise<unknown> {
    const { file, run } = this.#held;
    this.#redactor.hide(run.params, task.secretParams);
    if (task.timeoutSeconds !== undefined) {
      this.#stop.stopAfter(task.timeoutSeconds * 1000, {
        state: 'failed',
        reason: `timed out after ${task.timeoutSeconds} s`,
      });
    }
    const params = await checkParams(task, file.name, run.params);
    this.#redactor.hide(params, task.secretParams);
    return params;
  }

  async #record(ending: Ending | Planned): Promise<AttemptEnd> {
    await this.#bookmark.close();
    const { holding, invocation } = this.#held;
    for (;;) {
      const now = invocation.ports.now();
      if (ending.how === 'planned') {
        const isKept = await holding.fanOut(ending.children, new Date(now).toISOString());
        return this.#sayPlanned(ending.children, isKept);
      }
      const outcome = this.#outcome(ending);
      const kept = await this.#keep(outcome, new Date(now).toISOString());
      if (typeof kept === 'boolean') return this.#say(outcome, kept, now);
      // Somebody has asked something else of the task at the last moment.
      this.#watch.obey(kept);
    }
  }

  #outcome(ending: Ending): TaskOutcome {
    const { file, invocation } = this.#held;
    const { cursor, progress } = this.#bookmark;
    const iteration = this.#iteration;
    const { failed } = iteration ?? {};
    const { stop } = this.#stop;
    const isStuck = stop?.state === 'yielded' && iteration !== undefined;
    const noItem = `no item was completed within one invocation of ${invocation.ports.timeoutSeconds} s`;
    return outcomeOf(ending, {
      file,
      delivery: this.#delivery,
      stop: isStuck ? { ...stop, reason: noItem } : stop,
      isAborted: this.#stop.signal.aborted,
      cursor,
      progress,
      getsOn:
        iteration === undefined
          ? this.#yielded || this.#bookmark.hasMoved
          : iteration.hasMoved || iteration.wasHeldBack,
      failedAt: failed && { position: failed.position, item: shownItem(failed.unit, this.#redactor) },
      redactor: this.#redactor,
      logs: this.#log.lastLines(),
    });
  }

  #keep(outcome: TaskOutcome, now: string): Promise<boolean | TaskDemands> {
    const { holding, run } = this.#held;
    if (run.dryRun === true) return holding.finishDryRun(outcome, now);
    return holding.finish(outcome, this.#stop.request, now);
  }

  #sayPlanned({ of, count }: Children, isKept: boolean): AttemptEnd {
    if (!isKept) {
      this.#log.error('not split: somebody else has settled the task meanwhile');
      return 'lost';
    }
    this.#log.info(`task split into ${childCount(of, count)}`);
    return 'fanned-out';
  }

  #say(outcome: TaskOutcome, isKept: boolean, now: number): AttemptEnd {
    const { state, reason, error, progress } = outcome;
    const durationMs = now - Date.parse(this.#held.holding.claim.startedAt);
    if (!isKept) {
      this.#log.error('not recorded: somebody else has settled the task meanwhile', { durationMs, state });
      return 'lost';
    }
    if (state === 'succeeded') this.#log.info('task succeeded', { durationMs });
    else if (state === 'interrupted' || state === 'paused' || state === 'cancelled') {
      this.#log.info(`task ${state}`, { durationMs, reason, ...progress });
    } else this.#log.error(`task ${state}`, { durationMs, reason, error });
    return state;
  }
}
