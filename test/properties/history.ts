import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import type { WriteSite } from '../../functions/ledger/index.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import { versionKey } from '../../functions/task/version.ts';
import { CloudFormation } from './cloudformation.ts';
import type { Coverage } from './coverage.ts';
import type { Surroundings } from './functions-under-test.ts';
import { judgeEnd } from './judge-end.ts';
import { Oracle } from './oracle.ts';
import { Outside } from './outside.ts';
import { CLAIM_BEFORE, type PlannedFault, type Scenario } from './scenario.ts';
import type { Fault } from './simulated-table.ts';
import type { SimulatedProcess, Simulation } from './simulation.ts';
import { StepFunctions } from './step-functions.ts';
import { TaskFunctions } from './task-functions.ts';
import { CHARLIE, pool } from './task-pool.ts';

/** Writes that may come twice, since the copy changes nothing more; that of a correction writes the same item. */
const REPEATABLE = new Set<WriteSite>([
  'party.begin-deploy',
  'party.forget-baselined',
  'run.request-cancel',
  'answer.forget',
  'task.correct',
  'task.checkpoint',
  'task.request-stop',
  'task.set-rate',
  'task.orphan',
  'run.hand-over',
  'child.checkpoint',
  'child.correct',
]);
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
  readonly outside: Outside;
  readonly #coverage: Coverage;
  readonly #surroundings: Surroundings;
  readonly #taskFunctions: TaskFunctions;
  #faults: PlannedFault[];

  constructor(
    scenario: Scenario,
    simulation: Simulation,
    ledger: { client: DynamoDBDocument; tableName: string; ledgerId: string },
    coverage: Coverage,
  ) {
    this.scenario = scenario;
    this.simulation = simulation;
    this.#coverage = coverage;
    this.#faults = [...scenario.faults];
    this.oracle = new Oracle(simulation, ledger.client, ledger.tableName, coverage);
    this.stepFunctions = new StepFunctions(() => this.#surroundings);
    this.cloudFormation = new CloudFormation(simulation, this.stepFunctions, this.oracle, scenario.isAdded);
    this.outside = new Outside(this, scenario.operations);
    this.#taskFunctions = new TaskFunctions(simulation, this.oracle, scenario.tasksDo);
    this.#surroundings = {
      ...ledger,
      simulation,
      scenario,
      said: this.said,
      observer: {
        faultAt: (site, process) => this.#faultAt(site, process),
        wroteTwice: (site) => {
          this.oracle.forbid(!REPEATABLE.has(site), `the copy of ${site} was applied too`);
        },
        isWaitedFor: (site) => {
          const { next } = this.outside;
          const when = next !== undefined && 'when' in next ? next.when : undefined;
          return when !== undefined && site === CLAIM_BEFORE[when];
        },
        wrote: (site, key, process) => this.#wrote(site, key, process),
        read: (pk, sk, process) => {
          if (!process.name.startsWith('runner')) return;
          this.oracle.forbid(pk.endsWith('#answers'), 'invariant 8: a runner reads answers');
          if (pk.endsWith('#runs') && sk !== undefined) this.oracle.looked(process, sk);
          if (sk?.startsWith('task#')) this.oracle.lookedAtTask(process, sk.slice('task#'.length));
        },
      },
      start: async (runId, generation) => this.stepFunctions.start(runId, generation),
      isRunning: (runId, generation) => this.stepFunctions.isRunning(runId, generation),
      describe: () => {
        const { status, phase } = this.cloudFormation;
        const isThrottled = scenario.isThrottled && !this.#taskFunctions.areHealthy && phase === 'deploying';
        if (isThrottled || simulation.oneIn(12)) throw new Error('Throttling: Rate exceeded');
        return { status, rootStatus: status };
      },
      taskFunctions: this.#taskFunctions,
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
    this.#taskFunctions.areHealthy = true;
    this.oracle.say('the last deploy, in which nothing goes wrong');
    this.#faults = [];
    const tasks = this.#everDeployed();
    const deployed = this.cloudFormation.deploy(tasks);
    await this.#drive();
    const response = await deployed;
    const inDoubt = tasks.filter(
      ({ version, when, onFailure, background }) =>
        background !== true &&
        this.oracle.stateOf(versionKey(version)) === 'in-doubt' &&
        when === 'once' &&
        onFailure !== 'continue',
    );
    const isStopped = inDoubt.length > 0 && this.scenario.onFailure === 'fail-deploy';
    this.oracle.forbid(
      (response?.Status === 'FAILED') !== isStopped,
      `invariant 5: the last deploy was answered ${JSON.stringify(response)}`,
    );
    for (const { version, when, after = [] } of tasks) {
      const state = this.oracle.stateOf(versionKey(version));
      const isSettled = ['succeeded', 'skipped', 'cancelled', 'paused', 'baselined', 'in-doubt'].includes(
        state,
      );
      const hasSucceeded = this.oracle.tasks.get(versionKey(version))?.succeededAt !== undefined;
      const isReady = tasks
        .filter(({ name }) => after.includes(name))
        .map((earlier) => this.oracle.tasks.get(versionKey(earlier.version)))
        .every(
          (record) => record?.succeededAt !== undefined || /^(skipped|baselined)$/.test(record?.state ?? ''),
        );
      this.oracle.forbid(
        !isStopped && isReady && when === 'once' && !isSettled && !hasSucceeded,
        `invariant 4: ${version} is ${state} after a deploy without faults`,
      );
    }
  }

  /** What the scenario deploys at any time, and what comes late. */
  #everDeployed(): ManifestTask[] {
    const deployed = this.scenario.operations.flatMap((next) => (next.kind === 'deploy' ? next.tasks : []));
    const versions = new Set([CHARLIE, ...deployed].map(({ version }) => version));
    return pool.filter(({ version }) => versions.has(version));
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
    const { simulation, outside } = this;
    const { ready } = this.#taskFunctions;
    const prompt = simulation.steps.filter(({ process }) => !process.isLate);
    const turns = prompt.length + ready.length;
    const chance = simulation.choose(24);
    const wait = simulation.untilNextTimer;
    if (chance === 23 && wait !== undefined && (simulation.steps.length === 0 || wait < SLOWEST_STEP_MS)) {
      simulation.advance();
    } else if (outside.canGoOn && (chance > 19 || turns === 0)) {
      outside.goOn();
    } else if (turns > 0) {
      const turn = simulation.choose(turns);
      const body = ready[turn - prompt.length];
      if (body === undefined) await this.#proceed(prompt[turn]);
      else body.end();
    } else if (simulation.steps.length > 0) {
      await this.#proceed(simulation.steps[0]);
    } else if (wait !== undefined) {
      simulation.advance();
    } else if (outside.next !== undefined) {
      // It cannot come any more.
      outside.skip();
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
    if (site === 'run.request-cancel') for (const step of this.simulation.steps) step.process.isLate = false;
  }

  #throwViolations(): void {
    const { violations, trace } = this.oracle;
    if (violations.length === 0) return;
    throw new Error(`${violations.join('\n')}\n\n${trace.slice(-160).join('\n')}`);
  }
}
