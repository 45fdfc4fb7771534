import { messageOf } from '../errors.ts';
import {
  AT_DEADLINE,
  isSettled,
  type RunStanding,
  stoppedWithRun,
  type TaskDemands,
} from '../ledger/index.ts';
import type { TaskLogger } from '../task/context.ts';
import type { Holding } from './holding.ts';
import type { Invocation } from './invocation.ts';
import type { Stop, StopSignal } from './stop-signal.ts';
import { clearInterval, clearTimeout, setInterval, setTimeout } from './timers.ts';

/** What a stop watch looks after. */
export interface Watched {
  readonly invocation: Invocation;
  readonly holding: Holding;
  readonly stop: StopSignal;
  readonly log: TaskLogger;
  /** Called if the task has been told to end and has not within its grace. */
  readonly onUnsettled: () => void;
}

/** Sees to it that a task is told to end before its invocation or the deploy does, and when people ask for it. */
export class StopWatch {
  readonly #watched: Watched;
  readonly #grace: number;
  /** For what is left to record once the task has ended. */
  readonly #recording: number;
  readonly #poll: NodeJS.Timeout;
  #unsettled: NodeJS.Timeout | undefined;
  #rate: number | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
    const { invocation, holding, stop, log } = watched;
    const { work, ports, startedAt, endsAt } = invocation;
    const total = endsAt - startedAt;
    // A short invocation keeps its proportions: an emulator's, or a test's.
    this.#recording = Math.min(2_000, total * 0.1);
    this.#grace = Math.min(ports.timing.grace, total * 0.2);
    this.#rate = holding.rate;
    const left = this.#abortsAt - ports.now();
    stop.askAfter(left - this.#grace, this.#yield());
    stop.stopAfter(left, this.#yield());
    if (work.deadline !== undefined) {
      stop.stopAfter(Date.parse(work.deadline) - ports.now(), AT_DEADLINE);
    }
    this.#poll = setInterval(() => {
      this.#look().catch((error: unknown) => {
        log.warn('could not see whether the run is to be cancelled', { error: messageOf(error) });
      });
    }, ports.timing.cancelPoll);
    stop.signal.addEventListener('abort', () => {
      const left = endsAt - this.#recording - ports.now();
      this.#unsettled = setTimeout(watched.onUnsettled, Math.max(0, Math.min(this.#grace, left)));
    });
  }

  /** How long a task has to settle once it was told to end, in milliseconds. */
  get grace(): number {
    return this.#grace;
  }

  /**
   * How many items per second this invocation may process; undefined for as fast as it goes.
   * @param own what the task says itself, unless a person has said otherwise
   */
  rate(own: number | undefined): number | undefined {
    const { share = 1 } = this.#watched.invocation.work;
    const rate = this.#rate ?? own;
    return rate === undefined ? undefined : rate * share;
  }

  /** Asks the task to yield unless there is time for something that takes so many milliseconds. */
  yieldUnlessTimeFor(milliseconds: number): void {
    const { invocation, stop } = this.#watched;
    if (invocation.ports.now() + milliseconds >= this.#abortsAt) stop.ask(this.#yield());
  }

  /** Does what people ask of the task; undefined where it is no longer this invocation's. */
  obey(demands: TaskDemands | undefined): void {
    const { stop } = this.#watched;
    if (demands === undefined) {
      stop.stopNow({ state: 'failed', reason: 'somebody else has settled the task' });
      return;
    }
    this.#rate = demands.rate;
    stop.obey(demands.request);
  }

  end(): void {
    this.#watched.stop.release();
    clearInterval(this.#poll);
    clearTimeout(this.#unsettled);
  }

  get #abortsAt(): number {
    return this.#watched.invocation.endsAt - this.#recording - this.#grace;
  }

  #yield(): Stop {
    const { timeoutSeconds } = this.#watched.invocation.ports;
    return { state: 'yielded', reason: `timed out: the runner's own ${timeoutSeconds} s are over` };
  }

  async #look(): Promise<void> {
    const { invocation, holding, stop } = this.#watched;
    const due = stopOf(await invocation.ports.ledger.runs.standing(invocation.work.runId));
    if (due !== undefined) stop.stopNow(due);
    this.obey(await holding.demands());
  }
}

function stopOf(run: RunStanding): Stop | undefined {
  if (run.request !== undefined) return stoppedWithRun(run.request);
  return isSettled(run) ? { state: 'interrupted', reason: `the run has ended: ${run.state}` } : undefined;
}
