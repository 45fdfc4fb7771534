import type { TaskContext } from '../../functions/task/context.ts';
import type { Oracle } from './oracle.ts';
import type { Scenario } from './scenario.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';

/** A task's function that may end now. */
interface Body {
  readonly process: SimulatedProcess;
  readonly end: () => void;
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

  async execute(process: SimulatedProcess, context: TaskContext): Promise<unknown> {
    const { version, deploy, attempt, signal } = context;
    const ends = this.#oracle.begins(process, version, deploy.runId, attempt);
    const { endsByItself, obeys, throws } = this.#manner();
    const ended = Promise.withResolvers<void>();
    const end = (error?: unknown): void => {
      this.#bodies = this.#bodies.filter((each) => each !== body);
      if (error === undefined) ended.resolve();
      else ended.reject(error);
    };
    const body: Body = { process, end: () => end(throws ? new Error('thrown') : undefined) };
    if (endsByItself) this.#bodies.push(body);
    if (obeys) signal.addEventListener('abort', () => end(signal.reason));
    try {
      await ended.promise;
      this.#oracle.returns(version);
      this.#oracle.say(`  ${version} returns`);
      return { attempt };
    } finally {
      ends();
    }
  }

  #manner(): { endsByItself: boolean; obeys: boolean; throws: boolean } {
    switch (this.areHealthy ? 'return' : this.#tasksDo) {
      case 'return':
        return { endsByItself: true, obeys: false, throws: false };
      case 'throw':
        return { endsByItself: true, obeys: false, throws: true };
      case 'obey':
        return { endsByItself: false, obeys: true, throws: false };
      case 'anything': {
        const manner = this.#simulation.choose(10);
        const throws = this.#simulation.oneIn(4);
        return { endsByItself: manner < 7, obeys: manner > 4 && manner < 9, throws };
      }
    }
  }
}
