import type { KeyContext, RunContext, ShardContext, TaskContext } from '../../functions/task/context.ts';
import type { Oracle } from './oracle.ts';
import type { Scenario } from './scenario.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';
import { taskOf } from './subjects.ts';
import { childrenOf, ITEMS, KEYS } from './task-pool.ts';

/** A task's function that may end now. */
interface Body {
  readonly process: SimulatedProcess;
  readonly end: () => void;
}

/** Whose function is executed, by which process. */
export interface Executor {
  readonly process: SimulatedProcess;
  readonly key: string;
}

/** What the tasks do: they wait for their turn to return or throw, or for their signal, or for ever. */
export class TaskFunctions {
  /** Whether all return from now on. */
  areHealthy = false;
  readonly #simulation: Simulation;
  readonly #oracle: Oracle;
  readonly #tasksDo: Scenario['tasksDo'];
  #bodies: Body[] = [];

  constructor(simulation: Simulation, oracle: Oracle, tasksDo: Scenario['tasksDo']) {
    this.#simulation = simulation;
    this.#oracle = oracle;
    this.#tasksDo = tasksDo;
  }

  /** Those that may end now. */
  get ready(): readonly Body[] {
    this.#bodies = this.#bodies.filter(({ process }) => !process.isDead);
    return this.#bodies;
  }

  async execute({ process, key }: Executor, context: TaskContext): Promise<unknown> {
    const { signal, attempt } = context;
    const ends = this.#begins({ process, key }, context);
    try {
      await this.#takeTime(process, signal);
      this.#oracle.returns(key);
      return { attempt };
    } finally {
      ends();
    }
  }

  async processItems(
    { process, key }: Executor,
    items: readonly number[],
    context: TaskContext,
  ): Promise<number> {
    const { signal, dryRun } = context;
    const ends = this.#begins({ process, key }, context);
    this.#oracle.beginsItems(key, items, dryRun);
    try {
      await this.#takeTime(process, signal);
      this.#oracle.completes(key, items, dryRun);
      return items.length;
    } finally {
      ends();
    }
  }

  /** Each step is an item; its checkpoint says that it is done. */
  async executeInSteps(executor: Executor, context: RunContext): Promise<void> {
    for (let step = Number(context.cursor ?? 0) + 1; step <= ITEMS; step++) {
      await this.processItems(executor, [step], context);
      if (!(await context.checkpoint(step, { done: step, total: ITEMS }))) return;
    }
  }

  /** What a task is split into. */
  async listKeys(executor: Executor, context: TaskContext): Promise<readonly string[]> {
    const ends = this.#begins(executor, context);
    try {
      if (this.#tasksDo === 'anything' && this.#simulation.oneIn(4))
        await this.#takeTime(executor.process, context.signal);
      return KEYS;
    } finally {
      ends();
    }
  }

  #begins({ process, key }: Executor, context: TaskContext & Partial<KeyContext & ShardContext>): () => void {
    const { deploy, attempt, shard } = context;
    const child = key === taskOf(key) ? undefined : childrenOf(taskOf(key))[Number(key.split('/')[1]) - 1];
    const told = context.key ?? shard?.index;
    this.#oracle.forbid(
      told !== child,
      `${key} is told that it stands for ${told}, and it does for ${child}`,
    );
    return this.#oracle.begins(process, key, deploy.runId, attempt);
  }

  /** Until its turn comes, or time has passed, or it is told to end, or for ever. */
  async #takeTime(process: SimulatedProcess, signal: AbortSignal): Promise<void> {
    const { endsByItself, endsAfterMs, obeys, throws } = this.#manner();
    const ended = Promise.withResolvers<void>();
    const end = (error?: unknown): void => {
      this.#bodies = this.#bodies.filter((each) => each !== body);
      if (error === undefined) ended.resolve();
      else ended.reject(error);
    };
    const body: Body = { process, end: () => end(throws ? new Error('thrown') : undefined) };
    if (endsByItself) this.#bodies.push(body);
    if (endsAfterMs !== undefined) this.#simulation.setTimer(body.end, endsAfterMs);
    if (obeys) signal.addEventListener('abort', () => end(signal.reason));
    await ended.promise;
  }

  #manner(): { endsByItself: boolean; endsAfterMs?: number; obeys: boolean; throws: boolean } {
    switch (this.areHealthy ? 'return' : this.#tasksDo) {
      case 'return':
        return { endsByItself: true, obeys: false, throws: false };
      case 'throw':
        return { endsByItself: true, obeys: false, throws: true };
      case 'obey':
        return { endsByItself: false, obeys: true, throws: false };
      case 'last':
        return { endsByItself: false, endsAfterMs: 15_000, obeys: true, throws: false };
      case 'anything': {
        const manner = this.#simulation.choose(10);
        const throws = this.#simulation.oneIn(4);
        const isSlow = manner === 3 || manner === 4;
        return {
          endsByItself: manner < 7 && !isSlow,
          ...(isSlow ? { endsAfterMs: 1_000 * (1 + this.#simulation.choose(20)) } : {}),
          obeys: manner > 4 && manner < 9,
          throws,
        };
      }
    }
  }
}
