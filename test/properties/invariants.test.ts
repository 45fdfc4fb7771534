import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import fc from '../fast-check.ts';
import { seed } from '../seed.ts';
import { Coverage, faults, writeSites } from './coverage.ts';
import { createLedgerTable, directDatabase } from './direct-database.ts';
import { History } from './history.ts';
import { certainFault, type Scenario, withFault } from './scenario.ts';
import { currentProcess, Simulation } from './simulation.ts';
import { acts, certainAct, fromState, isOfInterest, states } from './states-and-acts.ts';
import { useVirtualTime } from './virtual-time.ts';

// What belongs to a whole process; here many processes share one.
vi.mock('../../functions/runner/process-guard.ts', () => ({ guardProcess: () => () => undefined }));
vi.mock('../../functions/runner/output-redaction.ts', () => ({ redactOutput: () => () => undefined }));
vi.mock('../../functions/runner/console-capture.ts', () => ({
  captureConsole: () => undefined,
  withLogger: (_logger: unknown, body: () => unknown) => body(),
}));
vi.mock('../../functions/runner/timers.ts', async (original) => ({
  ...(await original<typeof import('../../functions/runner/timers.ts')>()),
  // The global ones of the moment, which are those of the simulation.
  setTimeout: (...args: Parameters<typeof setTimeout>) => setTimeout(...args),
  clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
  setInterval: (...args: Parameters<typeof setInterval>) => setInterval(...args),
  clearInterval: (timer: NodeJS.Timeout) => clearInterval(timer),
  sleep: (await import('./virtual-time.ts')).promisedTimeout,
}));
vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: (await import('./virtual-time.ts')).promisedTimeout,
}));

const wanted = Number(process.env.AFTER_PARTY_HISTORIES ?? 1_000);

let targets = 0;
const faultTargets = writeSites.flatMap((site) => faults.map((fault) => [site, fault, ++targets] as const));
const stateTargets = states.flatMap((from) =>
  acts.filter((act) => isOfInterest(from, act)).map((act) => [act, from, ++targets] as const),
);
const perFault = Math.ceil(wanted / 3 / faultTargets.length);
const perState = Math.ceil((wanted * 2) / 3 / stateTargets.length);

const coverage = new Coverage();
const tableName = 'ledger';
let client: DynamoDBDocument;
let history: History;

beforeAll(async () => {
  client = directDatabase();
  await createLedgerTable(client, tableName);
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
    history?.said.push(String(line));
    return true;
  });
  useVirtualTime(() => history.simulation);
  vi.stubGlobal('fetch', async (url: string, { body }: { body: Uint8Array }) => {
    const { cloudFormation } = history;
    const status = await currentProcess().step('answer CloudFormation', async () =>
      cloudFormation.receive(url, Buffer.from(body).toString()),
    );
    return { ok: status < 400, status, arrayBuffer: async () => new ArrayBuffer(0) };
  });
});

afterAll(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  client.destroy();
});

/** The first history is the same with every seed: what is to be seen does not hang on luck. */
async function play(
  certain: Scenario,
  scenarios: fc.Arbitrary<Scenario>,
  target: number,
  numRuns: number,
): Promise<void> {
  const property = fc.asyncProperty(scenarios, async (scenario) => {
    coverage.histories += 1;
    const ledger = { client, tableName, ledgerId: `Shop/Tasks${coverage.histories}` };
    history = new History(scenario, new Simulation(scenario.choices), ledger, coverage);
    await history.play();
  });
  await fc.assert(property, {
    numRuns,
    examples: [[certain]],
    seed: seed + target,
    endOnFailure: process.env.AFTER_PARTY_SHRINK === 'no',
  });
}

describe(`the invariants, seed ${seed} (AFTER_PARTY_SEED)`, () => {
  it.each(faultTargets)(
    'hold where at %s there is a %s',
    (site, fault, target) => play(certainFault(site, fault), withFault(site, fault), target, perFault),
    600_000,
  );

  it.each(stateTargets)(
    'hold where people do %s to what is %s',
    (act, from, target) => play(certainAct(from, act), fromState(from, act), target, perState),
    600_000,
  );

  it('have been seen in every situation', () => {
    console.log(`seed ${seed}, ${coverage.histories} histories\n\n${coverage.table()}`);

    expect(coverage.unseen()).toEqual([]);
    expect(coverage.undeclared()).toEqual([]);
  });
});
