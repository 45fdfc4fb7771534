import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureTable } from '../../../functions/local/app-tables.ts';
import { Driver, type Runner } from '../../../functions/local/driver.ts';
import { Executions, executionsTable } from '../../../functions/local/executions.ts';
import type { DecideMessage, Decision, Work } from '../../../functions/workflow-messages.ts';
import { type Dynalite, startDynalite } from '../../dynalite.ts';

type State = DecideMessage['state'];

let dynalite: Dynalite;
let count = 0;
let runId: string;
let executions: Executions;
const drivers: Driver[] = [];

beforeAll(async () => {
  dynalite = await startDynalite();
  await ensureTable(dynalite.client, executionsTable);
});

afterAll(() => dynalite.stop());

beforeEach(() => {
  runId = (count++).toString(16).padStart(32, '0');
  executions = new Executions(dynalite.client, 'this process', 'L');
});

afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close();
});

const work = (version: string): Work => ({ v: 1, runId, versions: [version], timeoutSeconds: 60 });
const run = (version: string): Decision => ({ v: 1, runId, action: 'run', work: work(version) });
const wait = (seconds: number): Decision => ({ v: 1, runId, action: 'wait', seconds });
const end = (): Decision => ({ v: 1, runId, action: 'end' });

const inOrder: Runner['invoke'] = async () => ({ report: { v: 1, runId } });

/** A driver on a Decide that answers these, one after the other, and keeps what it was told. */
function driverOn(decisions: (Decision | Error)[], invoke?: Runner['invoke']) {
  const told: State[] = [];
  const driver = new Driver({
    executions,
    async decide({ state }) {
      told.push(state);
      const decision = decisions.shift() ?? end();
      if (decision instanceof Error) throw decision;
      return decision;
    },
    runner: async () => ({ invoke: invoke ?? inOrder, end: async () => undefined }),
    runnersAtOnce: 1,
  });
  drivers.push(driver);
  return { driver, told };
}

describe('Driver', () => {
  it('runs and waits as Decide says, and tells it what came of it', async () => {
    const error = { Error: 'Runtime.ExitError', Cause: 'killed' };
    const invoke = vi.fn<Runner['invoke']>();
    invoke.mockResolvedValueOnce({ report: { v: 1, runId, missing: '1' } }).mockResolvedValueOnce({ error });
    const { driver, told } = driverOn([run('1'), run('2'), wait(0.01), end()], invoke);

    expect(await driver.start(runId)).toBe('started');
    await driver.settled(runId);

    expect(told).toEqual([
      { v: 1, runId },
      { v: 1, runId, work: work('1'), report: { v: 1, runId, missing: '1' } },
      { v: 1, runId, work: work('2'), error },
      { v: 1, runId },
    ]);
    expect(invoke.mock.calls.map(([invocation]) => invocation.work)).toEqual([work('1'), work('2')]);
    const [first, second] = invoke.mock.calls.map(([invocation]) => invocation.requestId);
    expect(first).not.toBe(second);
  });

  it('starts one loop for a run, however often it is asked, and none after its end', async () => {
    const released = Promise.withResolvers<void>();
    const slowly: Runner['invoke'] = async () => {
      await released.promise;
      return { report: { v: 1, runId } };
    };
    const one = driverOn([run('1'), end()], slowly);
    const other = driverOn([run('1'), end()], slowly);

    const answers = await Promise.all([one, one, one, other].map(({ driver }) => driver.start(runId)));
    released.resolve();
    await Promise.all([one.driver.settled(runId), other.driver.settled(runId)]);

    expect(answers).toEqual(['started', 'started', 'started', 'started']);
    expect([...one.told, ...other.told]).toHaveLength(2);
    expect(await one.driver.start(runId)).toBe('ended');
    expect(await other.driver.start(runId)).toBe('ended');
  });

  it('lets a further execution go on with the run, and waits for that one too', async () => {
    const told: State[] = [];
    const driver: Driver = new Driver({
      executions,
      async decide({ state }) {
        told.push(state);
        if (state.generation === 1 && state.steps === undefined)
          return { ...wait(0.01), steps: 1, generation: 1 };
        // The first execution hands over before it ends.
        if (state.generation === undefined) expect(await driver.start(runId, 1)).toBe('started');
        return end();
      },
      runner: async () => ({ invoke: inOrder, end: async () => undefined }),
      runnersAtOnce: 1,
    });
    drivers.push(driver);

    await driver.start(runId);
    await driver.settled(runId);

    expect(told).toEqual([
      { v: 1, runId },
      { v: 1, runId, generation: 1 },
      { v: 1, runId, generation: 1, steps: 1 },
    ]);
    expect([await driver.start(runId), await driver.start(runId, 1)]).toEqual(['ended', 'ended']);
    expect(await driver.isRunning(runId, 1)).toBe(false);
  });

  it('asks Decide again when it fails', async () => {
    const { driver, told } = driverOn([new Error('throttled'), new Error('throttled'), run('1'), end()]);

    await driver.start(runId);
    await driver.settled(runId);

    expect(told.slice(0, 3)).toEqual(Array(3).fill({ v: 1, runId }));
    expect(told).toHaveLength(4);
  });

  it('gives up when Decide goes on failing, and says why to whoever waits', async () => {
    const { driver, told } = driverOn(Array(9).fill(new Error('broken')));

    await driver.start(runId);

    await expect(driver.settled(runId)).rejects.toThrow('broken');
    expect(told).toHaveLength(4);
  });

  it('lets Decide settle what ran when it is closed, and then stops', async () => {
    const error = { Error: 'Runtime.ExitError' };
    const begun = Promise.withResolvers<void>();
    const { driver, told } = driverOn([run('1'), run('2')], async (_, closing) => {
      begun.resolve();
      await new Promise((resolve) => closing.addEventListener('abort', resolve));
      return { error };
    });
    await driver.start(runId);
    await begun.promise;

    const settled = driver.settled(runId);
    await driver.close();

    await expect(settled).rejects.toMatchObject({ code: 'local-closed' });
    expect(told).toEqual([
      { v: 1, runId },
      { v: 1, runId, work: work('1'), error },
    ]);
  });

  it('stops waiting when it is closed', async () => {
    const { driver } = driverOn([wait(3600)]);
    await driver.start(runId);
    await sleep(20);

    await driver.close();

    await expect(driver.settled(runId)).rejects.toMatchObject({ code: 'local-closed' });
  });
});

describe('adoption', () => {
  const orphans = (...live: string[]) =>
    executions.orphans(live).then((all) => all.filter((orphan) => orphan.runId === runId));

  it('finds the runs whose process is gone, not those that ended', async () => {
    const { driver } = driverOn([end()]);
    await driver.start(runId);
    await driver.settled(runId);
    expect(await orphans()).toEqual([]);

    runId = `f${runId.slice(1)}`;
    await new Executions(dynalite.client, 'another process', 'L').begin({ runId, generation: 0 });
    expect(await orphans('another process', 'this process')).toEqual([]);
    expect(await orphans('this process')).toEqual([
      { runId, generation: 0, driver: 'another process', ledgerId: 'L', state: 'running', invocations: {} },
    ]);

    // Only whoever has its ledger can go on with a run.
    const elsewhere = new Executions(dynalite.client, 'this process', 'M');
    expect(await elsewhere.orphans([])).toEqual([]);
  });

  it('tells Decide that the runner died with its process, and drives on', async () => {
    const dead = new Executions(dynalite.client, 'a dead process', 'L');
    await dead.begin({ runId, generation: 0 });
    await dead.beginInvocation({ runId, generation: 0 }, { work: work('1'), requestId: 'the-request' });
    const { driver, told } = driverOn([run('2'), end()]);

    await driver.adopt(await orphans('this process'));
    await driver.settled(runId);

    expect(told[0]).toMatchObject({ work: work('1'), error: { Error: 'Driver.Ended' } });
    expect(told[0]?.error?.Cause).toContain('RequestId: the-request Error:');
    expect(told[1]).toMatchObject({ work: work('2'), report: { v: 1 } });
    expect(await driver.start(runId)).toBe('ended');
  });

  it('takes over the execution that a dead process had come to, not the first', async () => {
    const dead = new Executions(dynalite.client, 'a dead process', 'L');
    await dead.begin({ runId, generation: 0 });
    await dead.begin({ runId, generation: 1 });
    const { driver, told } = driverOn([end()]);
    expect(await driver.isRunning(runId, 1)).toBe(true);
    expect(await driver.isRunning(runId)).toBe(false);

    await driver.adopt(await orphans('this process'));
    await driver.settled(runId);

    expect(told).toMatchObject([{ v: 1, runId, generation: 1 }]);
  });

  it('leaves a run to the first that takes it', async () => {
    await new Executions(dynalite.client, 'a dead process', 'L').begin({ runId, generation: 0 });
    const found = await orphans('this process');
    const [one, two] = [driverOn([]), driverOn([])];

    await Promise.all([one.driver.adopt(found), two.driver.adopt(found)]);

    expect(one.told.length + two.told.length).toBe(1);
  });

  it('says which runs cannot be gone on with, and leaves them at that', async () => {
    await new Executions(dynalite.client, 'a dead process', 'L').begin({ runId, generation: 0 });
    const { driver } = driverOn(Array(9).fill(new Error('no such run')));

    const failures = await driver.adopt(await orphans('this process'));

    expect(failures).toMatchObject([
      { code: 'local-run', message: expect.stringMatching(`${runId}.*no such run`) },
    ]);
    await expect(driver.settled(runId)).rejects.toThrow('no such run');
    expect(await driver.start(runId)).toBe('ended');
  });

  it('does not report an invocation that was settled before the process ended', async () => {
    const { driver, told } = driverOn([run('1'), wait(3600)]);
    await driver.start(runId);
    while (told.length < 2 || Object.keys((await orphans())[0]?.invocations ?? {}).length > 0) await sleep(5);
    await driver.close();
    executions = new Executions(dynalite.client, 'a later process', 'L');
    const later = driverOn([end()]);

    await later.driver.adopt(await orphans('a later process', 'L'));

    expect(later.told).toMatchObject([{ v: 1, runId, error: { Error: 'Driver.Ended' } }]);
    expect(later.told[0]?.work).toBeUndefined();
  });
});
