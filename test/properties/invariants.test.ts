import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeSites } from '../../functions/ledger/index.ts';
import { type Dynalite, startDynalite } from '../dynalite.ts';
import { Coverage, faults } from './coverage.ts';
import { History } from './history.ts';
import { type Scenario, withFault } from './scenario.ts';
import { currentProcess, Simulation } from './simulation.ts';
import { acts, fromState, states } from './states-and-acts.ts';
import { useVirtualTime } from './virtual-time.ts';

// What belongs to a whole process; here many processes share one.
vi.mock('../../functions/runner/process-guard.ts', () => ({ guardProcess: () => () => undefined }));
vi.mock('../../functions/runner/output-redaction.ts', () => ({ redactOutput: () => () => undefined }));
vi.mock('../../functions/runner/console-capture.ts', () => ({
  captureConsole: () => undefined,
  withLogger: (_logger: unknown, body: () => unknown) => body(),
}));
vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: (await import('./virtual-time.ts')).promisedTimeout,
}));

const seed = Number(process.env.AFTER_PARTY_SEED ?? Date.now() % 2 ** 31);
const wanted = Number(process.env.AFTER_PARTY_HISTORIES ?? 900);

let targets = 0;
const faultTargets = writeSites.flatMap((site) => faults.map((fault) => [site, fault, ++targets] as const));
const stateTargets = states.flatMap((from) => acts.map((act) => [act, from, ++targets] as const));
const perFault = Math.ceil((wanted * 0.4) / faultTargets.length);
const perState = Math.ceil((wanted * 0.6) / stateTargets.length);

const coverage = new Coverage();
let dynalite: Dynalite;
let tableName: string;
let history: History;

beforeAll(async () => {
  dynalite = await startDynalite();
  tableName = await dynalite.createTable('ledger');
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

afterAll(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await dynalite.stop();
});

async function play(scenarios: fc.Arbitrary<Scenario>, target: number, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(scenarios, async (scenario) => {
    coverage.histories += 1;
    const ledger = { client: dynalite.client, tableName, ledgerId: `Shop/Tasks${coverage.histories}` };
    history = new History(scenario, new Simulation(scenario.choices), ledger, coverage);
    await history.play();
  });
  await fc.assert(property, {
    numRuns,
    seed: seed + target,
    endOnFailure: process.env.AFTER_PARTY_SHRINK === 'no',
  });
}

describe(`the invariants, seed ${seed} (AFTER_PARTY_SEED)`, () => {
  it.each(faultTargets)(
    'hold where at %s there is a %s',
    (site, fault, target) => play(withFault(site, fault), target, perFault),
    600_000,
  );

  it.each(stateTargets)(
    'hold where people do %s to what is %s',
    (act, from, target) => play(fromState(from, act), target, perState),
    600_000,
  );

  it('have been seen in every situation', () => {
    console.log(`seed ${seed}, ${coverage.histories} histories\n\n${coverage.table()}`);

    expect(coverage.unseen()).toEqual([]);
    expect(coverage.undeclared()).toEqual([]);
  });
});
