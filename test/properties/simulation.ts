import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Something that a process is about to do, and does once it is its turn. */
export interface Step {
  readonly process: SimulatedProcess;
  readonly label: string;
  readonly proceed: () => Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly every: number | undefined;
  readonly process: SimulatedProcess | undefined;
  readonly fire: () => void;
}

const current = new AsyncLocalStorage<SimulatedProcess>();

/** The process that calls. */
export function currentProcess(): SimulatedProcess {
  const process = current.getStore();
  if (process === undefined) throw new Error('called outside of every process');
  return process;
}

/** Starts something that outlives the process that calls. */
export function detached<T>(start: () => T): T {
  return current.exit(start);
}

/** Many processes in one, in virtual time: whatever touches the outside waits for its turn. */
export class Simulation {
  /** Milliseconds since the epoch. */
  now: number = Date.parse('2026-11-20T09:00:00.000Z');
  steps: Step[] = [];
  readonly #choices: readonly number[];
  #chosen = 0;
  #timers = new Map<number, Timer>();
  #timerIds = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  /** One of so many; the first once the choices of this history are used up. */
  choose(count: number): number {
    const choice = this.#choices[this.#chosen] ?? 0;
    this.#chosen += 1;
    return choice % count;
  }

  /** True for about one in so many; false once the choices of this history are used up. */
  oneIn(count: number): boolean {
    return this.choose(count) === count - 1;
  }

  /** Waits until nothing moves without a turn or time. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await nextTurn();
    this.steps = this.steps.filter(({ process }) => !process.isDead);
    for (const [id, timer] of this.#timers) if (timer.process?.isDead) this.#timers.delete(id);
  }

  setTimer(fire: () => void, milliseconds: number, every?: number): number {
    this.#timerIds += 1;
    const process = current.getStore();
    const id = this.#timerIds;
    // A repeated timer that fires at once would keep time from going on.
    const at = this.now + Math.max(every === undefined ? 0 : 1, milliseconds || 0);
    this.#timers.set(id, { at, order: id, every, process, fire });
    return id;
  }

  clearTimer(id: number): void {
    this.#timers.delete(id);
  }

  /** How long until the next timer; undefined without any. */
  get untilNextTimer(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : Math.max(0, next[1].at - this.now);
  }

  /** Lets time go on to the next timer. */
  advance(): void {
    const next = this.#next();
    if (next === undefined) return;
    const [id, timer] = next;
    this.#timers.delete(id);
    this.now = Math.max(this.now, timer.at);
    if (timer.every !== undefined) this.#timers.set(id, { ...timer, at: this.now + timer.every });
    timer.fire();
  }

  #next(): [number, Timer] | undefined {
    return [...this.#timers].sort(([, a], [, b]) => a.at - b.at || a.order - b.order)[0];
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(resolve, milliseconds));
  }
}

/** How a process ended. */
export type Ended<T> =
  | { readonly how: 'returned'; readonly value: T }
  | { readonly how: 'threw'; readonly error: unknown }
  | { readonly how: 'died'; readonly cause: string };

/** One invocation of a function. When it dies, nothing that it still waits for happens. */
export class SimulatedProcess {
  readonly name: string;
  isDead = false;
  /** Whether it gets its turn only when nothing else can happen. */
  isLate = false;
  readonly #simulation: Simulation;
  readonly #skew: number;
  readonly #death = Promise.withResolvers<string>();

  constructor(simulation: Simulation, name: string, skew: number) {
    this.#simulation = simulation;
    this.name = name;
    this.#skew = skew;
  }

  /** Its own clock. */
  readonly now = (): number => this.#simulation.now + this.#skew;

  /** Runs until it ends or dies. */
  async run<T>(main: () => Promise<T>): Promise<Ended<T>> {
    const ended = current.run(this, main).then(
      (value): Ended<T> => ({ how: 'returned', value }),
      (error: unknown): Ended<T> => ({ how: 'threw', error }),
    );
    const died = this.#death.promise.then((cause): Ended<T> => ({ how: 'died', cause }));
    return Promise.race([ended, died]);
  }

  die(cause: string): void {
    this.isDead = true;
    this.#death.resolve(cause);
  }

  /** Does something outside when it is its turn. */
  step<T>(label: string, act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const proceed = async (): Promise<void> => {
        try {
          const value = await act();
          if (!this.isDead) resolve(value);
        } catch (error) {
          if (!this.isDead) reject(error);
        }
      };
      this.#simulation.steps.push({ process: this, label, proceed });
    });
  }
}
