import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureTable } from '../../../functions/local/app-tables.ts';
import { Driver, type Runner } from '../../../functions/local/driver.ts';
import { Executions, executionsTable, type Invocation } from '../../../functions/local/executions.ts';
import type { DecideMessage, Decision, FanOut, Work } from '../../../functions/workflow-messages.ts';
import { type Dynalite, startDynalite } from '../../dynalite.ts';

type State = DecideMessage['state'];

let dynalite: Dynalite;
let count = 0;
let runId: string;
const drivers: Driver[] = [];

beforeAll(async () => {
  dynalite = await startDynalite();
  await ensureTable(dynalite.client, executionsTable);
});

afterAll(() => dynalite.stop());

beforeEach(() => {
  runId = `c${(count++).toString(16).padStart(31, '0')}`;
});

afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close();
});

const numbers = (to: number) => Array.from({ length: to }, (_, index) => index + 1);
const end = (): Decision => ({ v: 1, runId, action: 'end' });
const workOf = (child: number, share?: number): Work => ({
  ...{ v: 1, runId, versions: ['7'], child, attempt: 0, timeoutSeconds: 60 },
  ...(share === undefined ? {} : { share }),
});
const map = (children: number[], parallel: number): FanOut => ({
  ...{ v: 1, runId, action: 'fan-out', version: '7', children, parallel, share: 1 / parallel, steps: 1 },
});

interface Scene {
  /** What the parent is told, one after the other. */
  readonly parent: Decision[];
  readonly child?: (state: State) => Decision | Promise<Decision>;
  readonly invoke?: Runner['invoke'];
  readonly runnersAtOnce?: number;
  /** The first that run wait until so many do. */
  readonly together?: number;
}

/** A driver whose Decide has each child run once. */
function driverOf({ parent, child = runOnce, invoke, runnersAtOnce = 64, together = 1 }: Scene) {
  const told: State[] = [];
  const atWork = { now: 0, most: 0, runners: 0, ended: 0 };
  const inOrder: Runner['invoke'] = async () => {
    atWork.now += 1;
    atWork.most = Math.max(atWork.most, atWork.now);
    do await sleep(1);
    while (atWork.most < together);
    atWork.now -= 1;
    return { report: { v: 1, runId } };
  };
  const driver = new Driver({
    executions: new Executions(dynalite.client, 'this process', 'L'),
    async decide({ state }) {
      told.push(state);
      return state.child === undefined ? (parent.shift() ?? end()) : child(state);
    },
    runner: async () => {
      atWork.runners += 1;
      return {
        invoke: invoke ?? inOrder,
        end: async () => {
          atWork.ended += 1;
        },
      };
    },
    runnersAtOnce,
  });
  drivers.push(driver);
  return { driver, told, atWork };
}

/** Hands back the thread of the child, as Decide does. */
function runOnce({ version, child = 0, share, work }: State): Decision {
  if (version === undefined || work !== undefined) return end();
  const thread = { version, child, ...(share && { share }), steps: 1 };
  return { v: 1, runId, action: 'run', work: workOf(child, share), ...thread };
}

describe('fan-out', () => {
  it('executes each child in a loop of its own, so many at once as it is told', async () => {
    const { driver, told, atWork } = driverOf({ parent: [map(numbers(16), 4)], together: 4 });

    await driver.start(runId);
    await driver.settled(runId);

    const begun = told.filter(({ child, work }) => child !== undefined && work === undefined);
    expect(begun.map(({ child }) => child).sort((a = 0, b = 0) => a - b)).toEqual(numbers(16));
    expect(begun[0]).toEqual({ v: 1, runId, version: '7', child: 1, share: 0.25 });
    expect(told.find(({ child, work }) => child === 1 && work !== undefined)).toEqual({
      ...{ v: 1, runId, version: '7', child: 1, share: 0.25, steps: 1 },
      ...{ work: workOf(1, 0.25), report: { v: 1, runId } },
    });
    expect([told[0], told.at(-1)]).toEqual([
      { v: 1, runId },
      { v: 1, runId, steps: 1 },
    ]);
    expect(atWork).toEqual({ now: 0, most: 4, runners: 4, ended: 4 });
  });

  it('hands a child’s thread back from a wait', async () => {
    const waited: State[] = [];
    const { driver } = driverOf({
      parent: [map([3], 1)],
      child: (state) => {
        waited.push(state);
        const thread = { version: '7', child: 3, share: 1, steps: waited.length };
        return waited.length < 3 ? { v: 1, runId, action: 'wait', seconds: 0.01, ...thread } : end();
      },
    });

    await driver.start(runId);
    await driver.settled(runId);

    expect(waited.slice(1)).toEqual(
      [1, 2].map((steps) => ({ v: 1, runId, version: '7', child: 3, share: 1, steps })),
    );
  });

  it('forks no more runners than the machine bears, and gives each the share of those that it leaves out', async () => {
    const { driver, told, atWork } = driverOf({
      parent: [map(numbers(12), 12)],
      runnersAtOnce: 3,
      together: 3,
    });

    await driver.start(runId);
    await driver.settled(runId);

    expect(atWork).toEqual({ now: 0, most: 3, runners: 3, ended: 3 });
    const shares = new Set(told.flatMap(({ share }) => share ?? []));
    expect([...shares]).toEqual([expect.closeTo(1 / 3)]);
  });

  it('goes on with the others where one cannot be decided, and then says so', async () => {
    const { driver, told } = driverOf({
      parent: [map(numbers(5), 2)],
      child: (state) => {
        if (state.child === 2) throw new Error('no such child');
        return runOnce(state);
      },
    });

    await driver.start(runId);
    await driver.settled(runId);

    const executed = told.flatMap(({ child, work }) => (work === undefined ? [] : [child]));
    expect(executed.sort()).toEqual([1, 3, 4, 5]);
    expect(told.at(-1)).toEqual({
      ...{ v: 1, runId, steps: 1 },
      error: { Error: expect.stringMatching(/^States\./), Cause: '1 of 5 broke off: no such child' },
    });
  });

  it('begins no further one where one is told to stop', async () => {
    const { driver, told } = driverOf({
      parent: [map(numbers(1_000), 2)],
      child: (state) => (state.child === 5 ? { v: 1, runId, action: 'stop' } : runOnce(state)),
    });

    await driver.start(runId);
    await driver.settled(runId);

    expect(Math.max(...told.map(({ child = 0 }) => child))).toBeLessThan(10);
    expect(told.at(-1)).toEqual({ v: 1, runId, steps: 1 });
  });

  it('has recorded what every child came to when it is closed, and begins no further one', async () => {
    const begun = new Set<number | undefined>();
    const bothBegun = Promise.withResolvers<void>();
    const settled: unknown[] = [];
    const { driver, told, atWork } = driverOf({
      parent: [map(numbers(6), 2)],
      invoke: async ({ work }, closing) => {
        begun.add(work.child);
        if (begun.size === 2) bothBegun.resolve();
        await new Promise((resolve) => closing.addEventListener('abort', resolve));
        return { error: { Error: 'Driver.Ended' } };
      },
      child: async (state) => {
        if (state.error === undefined) return runOnce(state);
        // The one could go on at once, the other takes longer to be settled.
        await sleep(state.child === 1 ? 0 : 100);
        settled.push(state.child);
        const { work: _, ...next } = state;
        return state.child === 1 ? runOnce(next) : end();
      },
    });
    await driver.start(runId);
    await bothBegun.promise;

    await driver.close();

    await expect(driver.settled(runId)).rejects.toMatchObject({ code: 'local-closed' });
    expect(settled).toEqual([1, 2]);
    expect([...begun]).toEqual([1, 2]);
    expect(new Set(told.map(({ child }) => child))).toEqual(new Set([undefined, 1, 2]));
    expect(atWork.ended).toBe(2);
  });
});

describe('adoption of a run whose children were being executed', () => {
  it('has each of them settled in its own thread, and goes on with the run', async () => {
    const dead = new Executions(dynalite.client, 'a dead process', 'L');
    const execution = { runId, generation: 0 };
    await dead.begin(execution);
    const invocations: Invocation[] = [4, 9].map((child) => ({
      work: workOf(child, 0.5),
      requestId: `r${child}`,
    }));
    for (const invocation of invocations) await dead.beginInvocation(execution, invocation);
    const orphans = (await dead.orphans(['this process'])).filter((orphan) => orphan.runId === runId);
    const { driver, told } = driverOf({ parent: [map([2, 3], 2)] });

    expect(await driver.adopt(orphans)).toEqual([]);
    const settled = told.slice(0, 2).sort((a, b) => (a.child ?? 0) - (b.child ?? 0));
    await driver.settled(runId);

    expect(settled).toMatchObject(
      [4, 9].map((child) => ({
        ...{ version: '7', child, share: 0.5, work: workOf(child, 0.5) },
        error: { Error: 'Driver.Ended', Cause: expect.stringContaining(`RequestId: r${child} Error:`) },
      })),
    );
    expect(told[2]).toEqual({
      ...{ v: 1, runId },
      error: { Error: 'Driver.Ended', Cause: 'the process that drove the run ended' },
    });
    expect(
      told
        .slice(3)
        .flatMap(({ child, work }) => (work === undefined ? [] : [child]))
        .sort(),
    ).toEqual([2, 3]);
    expect(await driver.start(runId)).toBe('ended');
  });
});
