import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Claim, RunRecord, SelectedTask, TaskOutcome } from '../ledger/index.ts';
import type { Task } from '../task/define-task.ts';
import { withLogger } from './console-capture.ts';
import type { Invocation } from './invocation.ts';
import { loadTask } from './load-task.ts';
import { type Ending, outcomeOf } from './outcome.ts';
import { redactOutput } from './output-redaction.ts';
import { checkParams } from './params.ts';
import { guardProcess } from './process-guard.ts';
import { Redactor } from './redaction.ts';
import { StopSignal } from './stop-signal.ts';
import { watchForStops } from './stop-watch.ts';
import { createContext } from './task-context.ts';
import type { TaskFile } from './task-file.ts';
import { TaskLog } from './task-log.ts';
import { tryTask } from './tries.ts';

/** A task that this invocation holds, and what it needs to execute it. */
export interface HeldTask {
  readonly invocation: Invocation;
  readonly run: RunRecord;
  readonly selected: SelectedTask;
  readonly file: TaskFile;
  readonly claim: Claim;
}

/** What came of an attempt; `lost` where somebody else has settled the task meanwhile. */
export type AttemptEnd = TaskOutcome['state'] | 'lost';

/** One attempt at a claimed task, from its first log line to its record. */
export class Attempt {
  readonly #held: HeldTask;
  readonly #redactor = new Redactor();
  readonly #stop = new StopSignal();
  readonly #log: TaskLog;
  #began = false;

  constructor(held: HeldTask) {
    const { file, claim, run } = held;
    this.#held = held;
    this.#redactor.hide(run.params, run.secretParams ?? []);
    const identity = { version: file.version, task: file.name, run: run.runId, attempt: claim.attempt };
    this.#log = new TaskLog(identity, this.#redactor);
  }

  /** Executes the task and records how it ended; does not return where the process must end with it. */
  async make(): Promise<AttemptEnd> {
    const { ports } = this.#held.invocation;
    const ending = Promise.withResolvers<Ending>();
    let isEnding = false;
    const unguard = guardProcess((end) => {
      if (isEnding) this.#log.error(`${end.cause} after the task had ended`, { error: messageOf(end.error) });
      isEnding = true;
      ending.resolve({ how: 'process-end', began: this.#began, ...end });
    });
    const unwatch = watchForStops(this.#held.invocation, this.#stop, this.#log, () =>
      ending.resolve({ how: 'unsettled', began: this.#began }),
    );
    const unredact = redactOutput(this.#redactor);
    try {
      withLogger(this.#log, () => this.#execute()).then(ending.resolve);
      const ended = await ending.promise;
      isEnding = true;
      const mustEndProcess = ended.how === 'unsettled' || ended.how === 'process-end';
      return await this.#record(ended).finally(() => (mustEndProcess ? ports.endProcess() : undefined));
    } finally {
      unwatch();
      unredact();
      unguard();
    }
  }

  async #execute(): Promise<Ending> {
    const { file, run, selected, invocation } = this.#held;
    const { ports, lambda } = invocation;
    this.#log.info('task started');
    try {
      const task = await loadTask(file);
      const params = await this.#prepare(task);
      const value = await tryTask({
        task,
        retries: selected.delivery === 'at-most-once' ? 0 : task.retries,
        second: ports.timing.second,
        signal: this.#stop.signal,
        createContext: () =>
          createContext({
            ports,
            lambda,
            file,
            run,
            params,
            claim: this.#held.claim,
            logger: this.#log,
            signal: this.#stop.signal,
          }),
        onBegin: () => {
          this.#began = true;
        },
      });
      // Node reports a rejection that nobody awaits after this turn: it belongs to the task.
      await nextTurn();
      return { how: 'returned', began: this.#began, value };
    } catch (error) {
      return { how: 'threw', began: this.#began, error };
    }
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

  async #record(ending: Ending): Promise<AttemptEnd> {
    const { invocation, selected, file, claim } = this.#held;
    const { ports } = invocation;
    const { stop } = this.#stop;
    const outcome = outcomeOf(ending, {
      file,
      delivery: selected.delivery,
      stop,
      redactor: this.#redactor,
      logs: this.#log.lastLines(),
    });
    const now = ports.now();
    const kept = await ports.ledger.tasks.finish(claim, outcome, new Date(now).toISOString());
    const durationMs = now - Date.parse(claim.startedAt);
    if (!kept) {
      this.#log.error('not recorded: somebody else has settled the task meanwhile', {
        durationMs,
        state: outcome.state,
      });
      return 'lost';
    }
    const { state, reason, error } = outcome;
    if (state === 'succeeded') this.#log.info('task succeeded', { durationMs });
    else this.#log.error(`task ${state}`, { durationMs, reason, error });
    return state;
  }
}
