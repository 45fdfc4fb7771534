import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workflow } from '../controller/ports.ts';
import { messageOf, PartyError } from '../errors.ts';
import type { DecideMessage, Decision, FanOut, RunnerCheck } from '../workflow-messages.ts';
import type { ExecutionId, Executions, Invocation, Orphan } from './executions.ts';
import { driverEnded, type RunnerOutcome } from './runner-outcome.ts';

type State = DecideMessage['state'];

/** How often Decide is tried again, as the state machine's Retry does, and the first pause. */
const DECIDE_RETRIES = 3;
const DECIDE_PAUSE_MS = 200;

/** Executes one invocation after the other. */
export interface Runner {
  /** A runner that dies is an outcome, too. */
  invoke(invocation: Invocation, closing: AbortSignal): Promise<RunnerOutcome>;
  end(): Promise<void>;
}

export interface DriverPorts {
  readonly decide: (message: DecideMessage) => Promise<Decision>;
  readonly runner: () => Promise<Runner>;
  /** How many runners the machine bears side by side. */
  readonly runnersAtOnce: number;
  readonly executions: Executions;
}

/** Stands in for the state machine: asks Decide, runs or waits as it says, and asks again, until the end. */
export class Driver implements Workflow {
  readonly #ports: DriverPorts;
  readonly #loops = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(ports: DriverPorts) {
    this.#ports = ports;
  }

  async start(runId: string, generation: number = 0): Promise<'started' | 'ended'> {
    const id: ExecutionId = { runId, generation };
    const found = await this.#ports.executions.begin(id);
    if (found === 'begun') this.#launch(runId, this.#drive(id, firstState(id)));
    return found === 'ended' ? 'ended' : 'started';
  }

  /** Whether this process drives the run, or did so to its end. */
  drives(runId: string): boolean {
    return this.#loops.has(runId);
  }

  isRunning(runId: string, generation: number = 0): Promise<boolean> {
    return this.#ports.executions.isRunning({ runId, generation });
  }

  async check(id: string): Promise<RunnerCheck> {
    const state: State = { v: 1, runId: id, check: true };
    const decision = await this.#decide(state);
    if (decision.action !== 'run') throw new Error(`a check of the runner begins with ${decision.action}`);
    const { work } = decision;
    const outcome = await this.#invoke({ work, requestId: randomUUID() }, undefined);
    const end = await this.#decide({ ...state, work, ...outcome });
    if (end.action !== 'end') throw new Error(`a check of the runner does not end, but ${end.action}`);
    return end;
  }

  /**
   * Takes over the runs of processes that are gone, and returns when what their runners held is settled: the
   * runs themselves go on.
   * @returns why runs could not be taken over
   */
  async adopt(orphans: readonly Orphan[]): Promise<readonly PartyError[]> {
    const failures: PartyError[] = [];
    for (const orphan of orphans) {
      if (!(await this.#ports.executions.adopt(orphan))) continue;
      const first = this.#adopted(orphan);
      this.#launch(orphan.runId, this.#drive(orphan, firstState(orphan), first));
      await first.catch((error) => failures.push(notAdopted(orphan.runId, error)));
    }
    return failures;
  }

  /** Has it settled what the runners of an orphan held. */
  async #adopted(orphan: Orphan): Promise<Decision> {
    let decision: Decision | undefined;
    for (const { work, requestId } of Object.values(orphan.invocations)) {
      // The process that was to see how the invocation ended did not live to; its runner died with it.
      const error = driverEnded(requestId);
      const { child, share, versions } = work;
      const thread = child === undefined ? {} : { version: versions[0], child, share };
      const next = await this.#decide({ ...firstState(orphan), ...thread, work, error });
      // What is next for a child, the run itself says.
      if (child === undefined) decision = next;
      await this.#ports.executions.endInvocation(orphan, { requestId });
    }
    // Whether a fan-out is gone on with, of which this is the end.
    return decision ?? this.#decide({ ...firstState(orphan), error: driverEnded() });
  }

  /**
   * Returns when this process no longer drives the run.
   * @throws what kept it from being driven to its end
   */
  async settled(runId: string): Promise<void> {
    const loops = this.#loops.get(runId);
    await loops;
    // An execution starts its successor before it ends.
    if (this.#loops.get(runId) !== loops) await this.settled(runId);
  }

  /** Ends the runners, has that recorded, and drives nothing further. */
  async close(reason: PartyError = closed()): Promise<void> {
    this.#closing.abort(reason);
    await Promise.allSettled(this.#loops.values());
  }

  #launch(runId: string, loop: Promise<void>): void {
    const earlier = this.#loops.get(runId);
    const whole = earlier === undefined ? loop : Promise.all([earlier, loop]).then(() => undefined);
    // Whoever waits for the run gets the error; without anybody it must not end the process.
    whole.catch(() => undefined);
    this.#loops.set(runId, whole);
  }

  async #drive(id: ExecutionId, begin: State, first?: Promise<Decision>): Promise<void> {
    const closing = this.#closing.signal;
    try {
      await this.#execute(id, begin, first);
    } catch (error) {
      closing.throwIfAborted();
      // As with Step Functions, an execution that failed has ended.
      await this.#ports.executions.end(id);
      throw error;
    }
    await this.#ports.executions.end(id);
  }

  /** @param runner is kept between invocations; a new one for each by default */
  async #execute(
    id: ExecutionId,
    begin: State,
    first?: Promise<Decision>,
    runner?: Runner,
  ): Promise<'end' | 'stop'> {
    let decision = await (first ?? this.#decide(begin));
    while (decision.action !== 'end' && decision.action !== 'stop') {
      this.#closing.signal.throwIfAborted();
      decision = await this.#follow(id, decision, runner);
    }
    return decision.action;
  }

  async #follow(
    id: ExecutionId,
    decision: Exclude<Decision, { action: 'end' | 'stop' }>,
    runner: Runner | undefined,
  ): Promise<Decision> {
    const { runId, steps, generation } = decision;
    if (decision.action === 'fan-out') {
      const error = await this.#fanOut(id, decision);
      return this.#decide({ v: 1, runId, steps, generation, ...(error && { error }) });
    }
    const { version, child, share } = decision;
    const state: State = { v: 1, runId, steps, generation, version, child, share };
    if (decision.action === 'wait') {
      await pause(decision.seconds * 1000, this.#closing.signal);
      return this.#decide(state);
    }
    const { work } = decision;
    const invocation = { work, requestId: randomUUID() };
    await this.#ports.executions.beginInvocation(id, invocation);
    const outcome = await this.#invoke(invocation, runner);
    const next = await this.#decide({ ...state, work, ...outcome });
    await this.#ports.executions.endInvocation(id, invocation);
    return next;
  }

  async #invoke(invocation: Invocation, kept: Runner | undefined): Promise<RunnerOutcome> {
    const runner = kept ?? (await this.#ports.runner());
    try {
      return await runner.invoke(invocation, this.#closing.signal);
    } finally {
      if (kept === undefined) await runner.end();
    }
  }

  /**
   * A loop for each child, so many side by side; as in a Distributed Map, one that fails stops no other, and where
   * one is told to stop no further one begins.
   * @returns what kept children from being seen to
   */
  async #fanOut(
    id: ExecutionId,
    { runId, version, children, parallel, share }: FanOut,
  ): Promise<State['error']> {
    const width = Math.min(parallel, this.#ports.runnersAtOnce);
    const wider = Math.min(1, (share * parallel) / width);
    const waiting = children.values();
    const failures: unknown[] = [];
    const runners = await Promise.all(Array.from({ length: width }, () => this.#ports.runner()));
    let isStopped = false;
    const workers = runners.map(async (runner) => {
      for (const child of waiting) {
        if (isStopped || this.#closing.signal.aborted) break;
        const begin: State = { v: 1, runId, version, child, share: wider };
        const came = await this.#execute(id, begin, undefined, runner).catch((error) => failures.push(error));
        isStopped ||= came === 'stop';
      }
      await runner.end();
    });
    await Promise.all(workers);
    this.#closing.signal.throwIfAborted();
    if (failures.length === 0) return undefined;
    const Cause = `${failures.length} of ${children.length} broke off: ${messageOf(failures[0])}`;
    return { Error: 'States.ExceedToleratedFailureThreshold', Cause };
  }

  async #decide(state: State): Promise<Decision> {
    for (let retry = 0; ; retry++) {
      try {
        return await this.#ports.decide({ v: 1, request: 'decide', state });
      } catch (error) {
        if (retry === DECIDE_RETRIES || this.#closing.signal.aborted) throw error;
        await pause(DECIDE_PAUSE_MS * 2 ** retry, this.#closing.signal);
      }
    }
  }
}

function firstState({ runId, generation }: ExecutionId): State {
  return generation === 0 ? { v: 1, runId } : { v: 1, runId, generation };
}

async function pause(milliseconds: number, closing: AbortSignal): Promise<void> {
  closing.throwIfAborted();
  await sleep(milliseconds, undefined, { signal: closing }).catch(() => closing.throwIfAborted());
}

function closed(): PartyError {
  return new PartyError(
    'local-closed',
    'the run was left before its end',
    'run the command again: what was done is recorded, and the run goes on',
  );
}

function notAdopted(runId: string, error: unknown): PartyError {
  return new PartyError(
    'local-run',
    `run ${runId} was left by a process that ended, and cannot be gone on with: ${messageOf(error)}`,
    'start it anew; what it did is recorded',
    { cause: error },
  );
}
