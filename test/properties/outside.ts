import type { ManifestTask } from '../../functions/manifest.ts';
import type { CloudFormation } from './cloudformation.ts';
import { RUNNER_SECONDS } from './functions-under-test.ts';
import type { Oracle } from './oracle.ts';
import { CLAIM_BEFORE, type Moment, type Operation } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import type { StepFunctions } from './step-functions.ts';
import { KEYS } from './task-pool.ts';

/** What is there to be acted upon. */
export interface World {
  readonly simulation: Simulation;
  readonly oracle: Oracle;
  readonly stepFunctions: StepFunctions;
  readonly cloudFormation: CloudFormation;
  /** Everything that people and logs are shown. */
  readonly said: string[];
}

/** People, CloudFormation's users and accidents: does what the scenario says, one after the other. */
export class Outside {
  /** Runs that nobody drives any more. */
  readonly lost = new Set<string>();
  readonly #simulation: Simulation;
  readonly #oracle: Oracle;
  readonly #stepFunctions: StepFunctions;
  readonly #cloudFormation: CloudFormation;
  readonly #said: string[];
  #operations: readonly Operation[];
  #runIds = 0;

  constructor(world: World, operations: readonly Operation[]) {
    this.#simulation = world.simulation;
    this.#oracle = world.oracle;
    this.#stepFunctions = world.stepFunctions;
    this.#cloudFormation = world.cloudFormation;
    this.#said = world.said;
    this.#operations = operations;
  }

  get next(): Operation | undefined {
    return this.#operations[0];
  }

  get canGoOn(): boolean {
    return this.next !== undefined && this.#isPossible(this.next);
  }

  goOn(): void {
    const { next } = this;
    this.skip();
    if (next !== undefined) this.#begin(next);
  }

  /** Leaves out what comes next. */
  skip(): void {
    this.#operations = this.#operations.slice(1);
  }

  #isPossible(next: Operation): boolean {
    const { phase } = this.#cloudFormation;
    const isCalm = phase === 'idle' && this.#stepFunctions.running.length === 0;
    switch (next.kind) {
      case 'deploy':
        return phase === 'idle' && this.#isMoment(next.when);
      case 'destroy':
        return phase === 'idle' && this.#isMoment(next.when);
      case 'fail elsewhere':
        return phase === 'deploying' && this.#isMoment(next.when);
      case 'cancel':
        return this.#openRun() !== undefined && this.#isMoment(next.when);
      case 'lose':
        return this.#runByHand() !== undefined;
      case 'lose runner':
        return this.#stepFunctions.running.some((runId) => this.#oracle.isExecuting(runId));
      case 'wait':
        return isCalm;
      case 'run':
        return this.#hasBegun() && phase !== 'gone';
      default:
        return (
          this.#hasBegun() && (next.at === 'calm' ? isCalm : phase !== 'gone' && this.#isMoment(next.at))
        );
    }
  }

  #begin(operation: Operation): void {
    this.#oracle.say(`# ${operation.kind} ${'task' in operation ? operation.task.name : ''}`);
    const request = { v: 1, by: 'ann', reason: 'because' };
    switch (operation.kind) {
      case 'deploy':
        void this.#cloudFormation.deploy(operation.tasks);
        return;
      case 'fail elsewhere':
        this.#cloudFormation.failElsewhere();
        return;
      case 'destroy':
        void this.#cloudFormation.destroy();
        return;
      case 'lose':
        this.#lose(this.#runByHand());
        return;
      case 'lose runner':
        this.#stepFunctions.loseRunners();
        return;
      case 'wait':
        this.#simulation.now += 1_000 * RUNNER_SECONDS * 2;
        return;
      case 'cancel':
        void this.#ask({ ...request, request: 'cancel', runId: this.#openRun() });
        return;
      case 'run':
        void this.#ask({ v: 1, by: 'ann', request: 'run', runId: this.#newRunId(), all: operation.all });
        return;
      case 'invoke':
        this.#invoke(operation.task.name, {});
        return;
      case 'invoke from start':
        this.#invoke(operation.task.name, { fromStart: true });
        return;
      case 'invoke some items':
        this.#invoke(operation.task.name, { limit: 2 });
        return;
      case 'invoke a key':
        this.#invoke(operation.task.name, { keys: someKey(operation.task) });
        return;
      case 'mark a key done':
      case 'reset a key': {
        const kind = operation.kind === 'reset a key' ? 'reset' : 'mark-done';
        const names = [operation.task.name];
        void this.#ask({ ...request, request: kind, names, keys: someKey(operation.task) });
        return;
      }
      case 'baseline':
        void this.#ask({ ...request, request: 'baseline', versions: [operation.task.version] });
        return;
      case 'dry run':
        this.#invoke(operation.task.name, { dryRun: true });
        return;
      case 'resume':
        void this.#ask({
          ...request,
          request: 'resume',
          names: [operation.task.name],
          runId: this.#newRunId(),
        });
        return;
      case 'rate': {
        const names = [operation.task.name];
        void this.#ask({ v: 1, by: 'ann', request: 'rate', names, itemsPerSecond: 0.5 });
        return;
      }
      default:
        void this.#ask({ ...request, request: operation.kind, names: [operation.task.name] });
    }
  }

  #invoke(name: string, how: Readonly<Record<string, unknown>>): void {
    const runId = this.#newRunId();
    void this.#ask({ v: 1, by: 'ann', request: 'invoke', runId, names: [name], confirmed: true, ...how });
  }

  /** A person's request; the CLI sends it again when the function dies. */
  async #ask(request: Readonly<Record<string, unknown>>): Promise<void> {
    for (let retry = 0; retry < 3; retry++) {
      const ended = await this.#stepFunctions.callController(String(request.request), request);
      if (ended.how === 'died') continue;
      const fails = ended.how === 'threw';
      this.#oracle.forbid(fails, `${request.request} failed: ${fails && (ended.error as Error).stack}`);
      this.#said.push(JSON.stringify(ended));
      return;
    }
  }

  #isMoment(when: Moment | 'calm'): boolean {
    const claim = when === 'calm' ? undefined : CLAIM_BEFORE[when];
    if (claim !== undefined) {
      return this.#simulation.steps.some(({ process, label }) => process.isLate && label.endsWith(claim));
    }
    return when === 'ever' || this.#stepFunctions.running.some((runId) => this.#oracle.isExecuting(runId));
  }

  /** A run that a person started and that executes a task now. */
  #runByHand(): string | undefined {
    return this.#stepFunctions.running.find(
      (runId) => this.#oracle.runs.get(runId)?.trigger !== 'deploy' && this.#oracle.isExecuting(runId),
    );
  }

  #lose(runId: string | undefined): void {
    if (runId === undefined) return;
    this.lost.add(runId);
    this.#stepFunctions.lose(runId);
  }

  /** Whether a deploy has said what it runs. */
  #hasBegun(): boolean {
    return [...this.#oracle.runs.values()].some(({ selection }) => selection !== undefined);
  }

  #openRun(): string | undefined {
    const open = [...this.#oracle.runs.values()].filter(
      ({ state, request }) => (state === 'running' || state === 'accepted') && request === undefined,
    );
    return open.at(-1)?.runId;
  }

  #newRunId(): string {
    this.#runIds += 1;
    return String(this.#runIds).padStart(32, 'f');
  }
}

/** The second of a task's children, as people name it. */
function someKey({ splits }: ManifestTask): string[] {
  return [splits === 'keys' ? (KEYS[1] ?? '') : '2'];
}
