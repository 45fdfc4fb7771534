import type { ManifestTask } from '../../functions/manifest.ts';
import type {
  DecideMessage,
  Decision,
  FanOut,
  RunnerReport,
  Work,
} from '../../functions/workflow-messages.ts';
import { controllerIn, RUNNER_SECONDS, runnerIn, type Surroundings } from './functions-under-test.ts';
import { detached, type Ended, SimulatedProcess } from './simulation.ts';

type State = DecideMessage['state'];
type RunnerOutcome = Pick<State, 'report' | 'error'>;

const MOST_RETRIES = 15;

/** Lambda and Step Functions: calls the functions, more than once where AWS may, and drives the runs. */
export class StepFunctions {
  /** What is deployed. */
  tasks: readonly ManifestTask[] = [];
  /** What the executions' histories say. */
  readonly histories: string[] = [];
  readonly #around: () => Surroundings;
  readonly #executions = new Map<string, 'running' | 'ended'>();
  readonly #lost = new Set<string>();
  readonly #runners = new Map<string, SimulatedProcess[]>();
  #calls = 0;

  constructor(around: () => Surroundings) {
    this.#around = around;
  }

  /** The runs that are under way. */
  get running(): string[] {
    return [...this.#executions]
      .filter(([, state]) => state === 'running')
      .map(([name]) => name.slice(0, 32));
  }

  start(runId: string, generation = 0): 'started' | 'ended' {
    const name = executionName(runId, generation);
    const found = this.#executions.get(name);
    if (found === undefined) {
      this.#executions.set(name, 'running');
      const state: State = generation === 0 ? { v: 1, runId } : { v: 1, runId, generation };
      detached(() => this.#drive(name, state)).catch((error: unknown) => {
        this.histories.push(`FAILED ${name}: ${error}`);
      });
    }
    return found === 'ended' ? 'ended' : 'started';
  }

  isRunning(runId: string, generation = 0): boolean {
    return this.#executions.get(executionName(runId, generation)) === 'running';
  }

  /** One invocation of the controller. */
  callController(name: string, event: unknown): Promise<Ended<unknown>> {
    const { process } = this.#process(name);
    return process.run(() => controllerIn(this.#around(), process, this.tasks)(event));
  }

  /** The execution and its runners are gone, and nobody hears of it. */
  lose(runId: string): void {
    for (const name of this.#executions.keys()) {
      if (name.startsWith(runId)) this.#executions.set(name, 'ended');
    }
    this.#lost.add(runId);
    for (const process of this.#runners.get(runId) ?? []) process.die('lost');
  }

  /** Whatever executes a task dies, and nobody is told more than that the connection is gone. */
  loseRunners(): void {
    for (const processes of this.#runners.values()) for (const process of processes) process.die('unheard');
  }

  async #drive(name: string, first: State): Promise<void> {
    await this.#loop(first, () => false);
    this.#executions.set(name, 'ended');
  }

  /** Decide, Run and Wait until Decide says that it is the end; what Decide answered is its next input. */
  async #loop(first: State, isAborted: () => boolean): Promise<void> {
    const { simulation } = this.#around();
    let state = first;
    while (!this.#lost.has(first.runId) && !isAborted()) {
      const decision = await this.#decide(state);
      this.histories.push(JSON.stringify(decision));
      if (decision.action === 'end') return;
      if (decision.action === 'stop') throw new Error('stopped');
      state = decision;
      if (decision.action === 'wait') await simulation.sleep(decision.seconds * 1000);
      else if (decision.action === 'run') state = { ...decision, ...(await this.#run(decision.work)) };
      else state = { ...decision, ...(await this.#map(decision)) };
    }
  }

  /** A loop for each child, so many at a time. When the Map fails, nobody hears any more of those under way. */
  async #map({ runId, version, children, parallel, share }: FanOut): Promise<Pick<State, 'error'>> {
    const { simulation } = this.#around();
    let isAborted = false;
    const left = children.values();
    const tooMany = Promise.withResolvers<Pick<State, 'error'>>();
    const abort = (name: string): Pick<State, 'error'> => {
      isAborted = true;
      return { error: { Error: name, Cause: 'the Map failed' } };
    };
    const failed = (child: number, error: unknown): void => {
      this.histories.push(`FAILED child ${child}: ${error}`);
      tooMany.resolve(abort('States.ExceedToleratedFailureThreshold'));
    };
    const one = async (): Promise<void> => {
      for (const child of left) {
        if (isAborted || this.#lost.has(runId)) return;
        await this.#loop({ v: 1, runId, version, child, share }, () => isAborted).catch((error: unknown) =>
          failed(child, error),
        );
      }
    };
    const over = Promise.all(Array.from({ length: parallel }, one)).then(() => ({}));
    if (!simulation.oneIn(15)) return Promise.race([tooMany.promise, over]);
    const failure = simulation.sleep(simulation.choose(40) * 1000).then(() => abort('States.Runtime'));
    return Promise.race([tooMany.promise, over, failure]);
  }

  async #decide(state: State): Promise<Decision> {
    const { simulation } = this.#around();
    const message = { v: 1, request: 'decide', state };
    const of = state.child === undefined ? '' : ` ${state.version}/${state.child}`;
    const name = `decide ${state.runId.slice(0, 6)}${of}`;
    for (let retry = 0; retry <= MOST_RETRIES; retry++) {
      if (simulation.oneIn(10)) void this.callController(`${name} again`, message);
      const ended = await this.callController(name, message);
      if (ended.how === 'returned') return ended.value as Decision;
      this.histories.push(ended.how === 'threw' ? String(ended.error) : ended.cause);
      await simulation.sleep(Math.min(60, 2 ** (retry + 1)) * 1000);
    }
    throw new Error(`Decide failed ${MOST_RETRIES} times: ${this.histories.at(-1)}`);
  }

  async #run(work: Work): Promise<RunnerOutcome> {
    const { simulation } = this.#around();
    const timedOut = simulation
      .sleep(work.timeoutSeconds * 1000)
      .then((): RunnerOutcome => ({ error: { Error: 'States.Timeout' } }));
    const first = this.#invoke(work);
    if (simulation.oneIn(10)) {
      // The connection is lost: the call is made again while the first one goes on.
      return Promise.race([simulation.sleep(20).then(() => this.#invoke(work)), timedOut]);
    }
    if (simulation.oneIn(15)) return { error: { Error: 'Lambda.SdkClientException', Cause: 'lost' } };
    return Promise.race([first, timedOut]);
  }

  async #invoke(work: Work): Promise<RunnerOutcome> {
    const { simulation } = this.#around();
    if (this.#lost.has(work.runId)) return {};
    const { process, requestId } = this.#process('runner');
    this.#runners.set(work.runId, [...(this.#runners.get(work.runId) ?? []), process]);
    const endsAt = simulation.now + RUNNER_SECONDS * 1000;
    const timer = simulation.setTimer(() => process.die('timed out'), RUNNER_SECONDS * 1000);
    const runner = runnerIn(this.#around(), this.tasks, { process, requestId, work, endsAt });
    const ended = await process.run<RunnerReport>(runner);
    simulation.clearTimer(timer);
    if (ended.how === 'returned') return { report: ended.value };
    if (ended.how === 'threw') return lambdaError('Error', String(ended.error));
    if (ended.cause === 'unheard') return { error: { Error: 'Lambda.SdkClientException', Cause: 'lost' } };
    return ended.cause === 'timed out'
      ? lambdaError(
          'Sandbox.Timedout',
          `RequestId: ${requestId} Error: Task timed out after ${RUNNER_SECONDS}.00 seconds`,
        )
      : lambdaError(
          'Runtime.ExitError',
          `RequestId: ${requestId} Error: Runtime exited with error: exit status 1`,
        );
  }

  #process(name: string): { process: SimulatedProcess; requestId: string } {
    const { simulation } = this.#around();
    this.#calls += 1;
    const skew = simulation.choose(6) * 1000;
    const requestId = `00000000-0000-4000-8000-${String(this.#calls).padStart(12, '0')}`;
    return { process: new SimulatedProcess(simulation, `${name} #${this.#calls}`, skew), requestId };
  }
}

function executionName(runId: string, generation: number): string {
  return generation === 0 ? runId : `${runId}-${generation}`;
}

function lambdaError(errorType: string, errorMessage: string): RunnerOutcome {
  return { error: { Error: errorType, Cause: JSON.stringify({ errorType, errorMessage }) } };
}
