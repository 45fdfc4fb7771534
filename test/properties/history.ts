import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { WriteSite } from '../../functions/ledger/index.ts';
import type { TaskContext } from '../../functions/task/context.ts';
import { CloudFormation } from './cloudformation.ts';
import type { Coverage } from './coverage.ts';
import type { Surroundings } from './functions-under-test.ts';
import { judgeEnd } from './judge-end.ts';
import { Oracle } from './oracle.ts';
import { type Operation, type PlannedFault, pool, type Scenario } from './scenario.ts';
import type { Fault } from './simulated-table.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';
import { StepFunctions } from './step-functions.ts';

/** A task's function that waits for the moment at which it ends. */
interface Body {
  readonly process: SimulatedProcess;
  readonly end: () => void;
}

const MOST_STEPS = 6_000;
/** The longest that a read, a write or a request takes. */
const SLOWEST_STEP_MS = 2_000;

/** One history: the scenario's operations in an order of turns that its choices pick. */
export class History {
  readonly simulation: Simulation;
  readonly oracle: Oracle;
  readonly stepFunctions: StepFunctions;
  readonly cloudFormation: CloudFormation;
  readonly scenario: Scenario;
  readonly said: string[] = [];
  readonly #coverage: Coverage;
  readonly #surroundings: Surroundings;
  #faults: PlannedFault[];
  #operations: Operation[];
  #bodies: Body[] = [];
  #runIds = 0;
  #isHealing = false;

  constructor(
    scenario: Scenario,
    simulation: Simulation,
    ledger: { client: DynamoDBDocumentClient; tableName: string; ledgerId: string },
    coverage: Coverage,
  ) {
    this.scenario = scenario;
    this.simulation = simulation;
    this.#coverage = coverage;
    this.#faults = [...scenario.faults];
    this.#operations = [...scenario.operations];
    this.oracle = new Oracle(simulation, ledger.client, ledger.tableName, coverage);
    this.stepFunctions = new StepFunctions(() => this.#surroundings);
    this.cloudFormation = new CloudFormation(simulation, this.stepFunctions, this.oracle, scenario.isAdded);
    this.#surroundings = {
      ...ledger,
      simulation,
      scenario,
      said: this.said,
      observer: {
        faultAt: (site, process) => this.#faultAt(site, process),
        wrote: (site, key, process) => this.#wrote(site, key, process),
        read: (pk, process) => {
          const isRunner = process.name.startsWith('runner');
          this.oracle.forbid(isRunner && pk.endsWith('#answers'), 'invariant 8: a runner reads answers');
        },
      },
      start: async (runId, generation) => this.stepFunctions.start(runId, generation),
      isRunning: (runId, generation) => this.stepFunctions.isRunning(runId, generation),
      describe: () => ({ status: this.cloudFormation.status, rootStatus: this.cloudFormation.status }),
      execute: (process, context) => this.#execute(process, context),
    };
  }

  /** @throws Error with what was violated and how it came to it */
  async play(): Promise<void> {
    await this.#drive();
    if (this.cloudFormation.phase === 'idle') await this.#heal();
    judgeEnd(this);
    this.#throwViolations();
  }

  /** Whatever went wrong: the next deploy needs no cleaning up before it. */
  async #heal(): Promise<void> {
    this.#isHealing = true;
    this.oracle.say('the last deploy, in which nothing goes wrong');
    this.#faults = [];
    const deployed = this.cloudFormation.deploy(pool);
    await this.#drive();
    const response = await deployed;
    const inDoubt = pool.filter(
      ({ version, when, onFailure }) =>
        this.oracle.stateOf(String(Number(version))) === 'in-doubt' &&
        when === 'once' &&
        onFailure !== 'continue',
    );
    const isStopped = inDoubt.length > 0 && this.scenario.onFailure === 'fail-deploy';
    this.oracle.forbid(
      (response?.Status === 'FAILED') !== isStopped,
      `invariant 5: the last deploy was answered ${JSON.stringify(response)}`,
    );
    for (const { version, when } of pool) {
      const state = this.oracle.stateOf(String(Number(version)));
      const isSettled = ['succeeded', 'skipped', 'cancelled', 'baselined', 'in-doubt'].includes(state);
      const hasSucceeded = this.oracle.tasks.get(String(Number(version)))?.succeededAt !== undefined;
      this.oracle.forbid(
        !isStopped && when === 'once' && !isSettled && !hasSucceeded,
        `invariant 4: ${version} is ${state} after a deploy without faults`,
      );
    }
  }

  async #drive(): Promise<void> {
    for (let step = 0; step < MOST_STEPS; step++) {
      await this.simulation.quiet();
      this.#throwViolations();
      if (!(await this.#act())) return;
    }
    this.oracle.forbid(true, 'the history does not end');
    this.#throwViolations();
  }

  /** @returns false if nothing can happen any more */
  async #act(): Promise<boolean> {
    const { simulation } = this;
    this.#bodies = this.#bodies.filter(({ process }) => !process.isDead);
    const prompt = simulation.steps.filter(({ process }) => !process.isLate);
    const operation = this.#nextOperation();
    const chance = simulation.choose(24);
    const wait = simulation.untilNextTimer;
    if (chance === 23 && wait !== undefined && (simulation.steps.length === 0 || wait < SLOWEST_STEP_MS)) {
      simulation.advance();
    } else if (operation !== undefined && (chance > 19 || prompt.length + this.#bodies.length === 0)) {
      this.#operations.shift();
      this.#begin(operation);
    } else if (prompt.length + this.#bodies.length > 0) {
      const turn = simulation.choose(prompt.length + this.#bodies.length);
      const body = this.#bodies[turn - prompt.length];
      if (body === undefined) await this.#proceed(prompt[turn]);
      else body.end();
    } else if (simulation.steps.length > 0) {
      await this.#proceed(simulation.steps[0]);
    } else if (wait !== undefined) {
      simulation.advance();
    } else if (this.#operations.length > 0) {
      // What comes next cannot come any more.
      this.#operations.shift();
    } else {
      return false;
    }
    return true;
  }

  async #proceed(step: Simulation['steps'][number] | undefined): Promise<void> {
    if (step === undefined) return;
    const { simulation } = this;
    simulation.steps = simulation.steps.filter((other) => other !== step);
    simulation.now += 7;
    this.oracle.say(`${step.process.name}: ${step.label}`);
    await step.proceed();
  }

  #nextOperation(): Operation | undefined {
    const [next] = this.#operations;
    const { phase } = this.cloudFormation;
    switch (next?.kind) {
      case undefined:
        return undefined;
      case 'deploy':
      case 'destroy':
        return phase === 'idle' ? next : undefined;
      case 'fail elsewhere':
        return phase === 'deploying' ? next : undefined;
      case 'cancel':
        return this.#openRun() === undefined ? undefined : next;
      default:
        return this.#hasBegun() && phase !== 'gone' ? next : undefined;
    }
  }

  #begin(operation: Operation): void {
    this.oracle.say(`# ${operation.kind} ${'task' in operation ? operation.task.name : ''}`);
    const request = { v: 1, by: 'ann', reason: 'because' };
    switch (operation.kind) {
      case 'deploy':
        void this.cloudFormation.deploy(operation.tasks);
        return;
      case 'fail elsewhere':
        this.cloudFormation.failElsewhere();
        return;
      case 'destroy':
        void this.cloudFormation.destroy();
        return;
      case 'cancel':
        void this.#ask({ ...request, request: 'cancel', runId: this.#openRun() });
        return;
      case 'run':
        void this.#ask({ v: 1, by: 'ann', request: 'run', runId: this.#newRunId(), all: operation.all });
        return;
      case 'invoke': {
        const runId = this.#newRunId();
        const names = [operation.task.name];
        void this.#ask({ v: 1, by: 'ann', request: 'invoke', runId, names, confirmed: true });
        return;
      }
      default:
        void this.#ask({ ...request, request: operation.kind, names: [operation.task.name] });
    }
  }

  /** A person's request; the CLI sends it again when the function dies. */
  async #ask(request: Readonly<Record<string, unknown>>): Promise<void> {
    for (let retry = 0; retry < 3; retry++) {
      const ended = await this.stepFunctions.callController(String(request.request), request);
      if (ended.how === 'died') continue;
      const fails = ended.how === 'threw';
      this.oracle.forbid(fails, `${request.request} failed: ${fails && (ended.error as Error).stack}`);
      this.said.push(JSON.stringify(ended));
      return;
    }
  }

  /** Whether a deploy has said what it runs. */
  #hasBegun(): boolean {
    return [...this.oracle.runs.values()].some(({ selection }) => selection !== undefined);
  }

  #openRun(): string | undefined {
    const open = [...this.oracle.runs.values()].filter(
      ({ state, request }) => (state === 'running' || state === 'accepted') && request === undefined,
    );
    return open.at(-1)?.runId;
  }

  #newRunId(): string {
    this.#runIds += 1;
    return String(this.#runIds).padStart(32, 'f');
  }

  #faultAt(site: WriteSite, process: SimulatedProcess): Fault | undefined {
    const planned = this.#faults.find((each) => each.site === site);
    if (planned === undefined) return undefined;
    this.#faults = this.#faults.filter((each) => each !== planned);
    if (planned.after > 0) {
      this.#faults.push({ ...planned, after: planned.after - 1 });
      return undefined;
    }
    this.#coverage.hit(site, planned.fault);
    this.oracle.say(`${process.name} ${planned.fault} ${site}`);
    return planned.fault;
  }

  async #wrote(site: WriteSite, key: { pk: string; sk: string }, process: SimulatedProcess): Promise<void> {
    await this.oracle.wrote(site, key, process);
    if (site === 'task.claim' && this.scenario.cancelsAfterClaim) {
      process.isLate = this.#operations.some(({ kind }) =>
        ['cancel', 'fail elsewhere', 'destroy'].includes(kind),
      );
    } else if (process.isLate) process.isLate = false;
  }

  async #execute(process: SimulatedProcess, context: TaskContext): Promise<unknown> {
    const { version, deploy, attempt, signal } = context;
    const ends = this.oracle.begins(process, version, deploy.runId, attempt);
    const manner = this.#isHealing ? 0 : this.simulation.choose(8);
    const throws = !this.#isHealing && this.simulation.choose(8) < this.scenario.throwing;
    const ended = Promise.withResolvers<void>();
    const end = (error?: unknown): void => {
      this.#bodies = this.#bodies.filter((each) => each !== body);
      if (error === undefined) ended.resolve();
      else ended.reject(error);
    };
    const body: Body = { process, end: () => end(throws ? new Error('thrown') : undefined) };
    // Some end by themselves, some when they are told to, and some never.
    if (manner < 6) this.#bodies.push(body);
    if (manner > 3 && manner < 7) signal.addEventListener('abort', () => end(signal.reason));
    try {
      await ended.promise;
      this.oracle.returns(version);
      this.oracle.say(`  ${version} returns`);
      return { attempt };
    } finally {
      ends();
    }
  }

  #throwViolations(): void {
    const { violations, trace } = this.oracle;
    if (violations.length === 0) return;
    throw new Error(`${violations.join('\n')}\n\n${trace.slice(-160).join('\n')}`);
  }
}
