import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWriteCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimOf } from '../../../functions/ledger/claim.ts';
import type { TaskRecord } from '../../../functions/ledger/index.ts';
import { type Dynalite, startDynalite } from '../../dynalite.ts';
import { TestParty } from './party.ts';

const ITEMS = 100_000;
const KILLS = 20;
/** At about 6 an item, at most so many in the journal. */
const BYTES_BETWEEN_KILLS = (ITEMS * 6 * 0.8) / KILLS;

let database: Dynalite;
let folder: string;

beforeAll(async () => {
  database = await startDynalite();
  await database.createTable('ledger');
  await database.createTable('items');
  folder = await mkdtemp(join(tmpdir(), 'killed-scan-'));
  await Promise.all([fillTable(), bundleRunner()]);
}, 120_000);
afterAll(async () => {
  await database.stop();
  await rm(folder, { recursive: true, force: true });
});

async function fillTable(): Promise<void> {
  let next = 0;
  const write = async () => {
    while (next < ITEMS) {
      const first = next;
      next += 25;
      const batch = Array.from({ length: 25 }, (_, index) => first + index);
      const items = batch.map((number) => ({
        PutRequest: { Item: { pk: `p${number % 97}`, sk: String(number) } },
      }));
      await database.client.send(new BatchWriteCommand({ RequestItems: { items } }));
    }
  };
  await Promise.all(Array.from({ length: 4 }, write));
}

async function bundleRunner(): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'scanning-process.ts')],
    outfile: join(folder, 'scanning-process.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
}

/** The numbers of all items, as a scan gives them. */
async function scanOrder(): Promise<number[]> {
  const numbers: number[] = [];
  for await (const page of paginateScan({ client: database.client }, { TableName: 'items' })) {
    for (const { sk } of page.Items ?? []) numbers.push(Number(sk));
  }
  return numbers;
}

/** One invocation in a process of its own. */
function invokeInProcess(ledgerId: string, runId: string, journal: string): ChildProcess {
  return fork(join(folder, 'scanning-process.mjs'), [ledgerId, runId, journal], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${database.port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
}

/** What the controller does of an invocation that crashed. */
async function settleAsCrashed(party: TestParty, record: TaskRecord): Promise<void> {
  const claim = claimOf(record);
  if (claim === undefined) throw new Error('nobody held the task');
  const { cursor, progress } = record;
  const outcome = { state: 'failed', reason: 'crashed', cursor, ...(progress && { progress }) } as const;
  expect(await party.ledger.tasks.finish(claim, outcome, new Date().toISOString())).toBe(true);
}

/** Kills the process at a random moment behind its first item, early enough for those that come after it. */
async function killAtRandom(child: ChildProcess, journal: string): Promise<void> {
  const closed = once(child, 'close');
  const size = async () => (await stat(journal)).size;
  const bytes = (await size()) + 1 + Math.random() * BYTES_BETWEEN_KILLS;
  while ((await size()) < bytes && child.exitCode === null) await sleep(1);
  child.kill('SIGKILL');
  await closed;
}

it(`a scan of ${ITEMS} items killed ${KILLS} times loses none and repeats none before its cursor`, async () => {
  const order = await scanOrder();
  const party = new TestParty(database, 'ledger');
  party.add('1', { run: () => 'only to be selected' });
  const journal = join(folder, 'journal');
  await writeFile(journal, '');
  const completedIn = (text: string): number[] => text.split('\n').slice(0, -1).map(Number);
  const settled = new Set<number>();
  const saves: number[] = [];

  for (let kill = 0; kill < KILLS; kill++) {
    const runId = await party.begin();
    const before = readFileSync(journal, 'utf8').length;
    await killAtRandom(invokeInProcess(party.ledger.id, runId, journal), journal);
    const record = await party.record('1');
    expect(record.state, `killed ${kill} times before`).toBe('running');
    const repeated = completedIn(readFileSync(journal, 'utf8').slice(before)).filter((number) =>
      settled.has(number),
    );
    expect(repeated).toEqual([]);
    const done = record.progress?.done ?? 0;
    const completed = new Set(completedIn(readFileSync(journal, 'utf8')));
    for (const number of order.slice(settled.size, done)) {
      expect(completed.has(number)).toBe(true);
      settled.add(number);
    }
    saves.push(done);
    await settleAsCrashed(party, record);
  }
  const last = readFileSync(journal, 'utf8').length;
  await once(invokeInProcess(party.ledger.id, await party.begin(), journal), 'close');

  const all = completedIn(readFileSync(journal, 'utf8'));
  expect(
    completedIn(readFileSync(journal, 'utf8').slice(last)).filter((number) => settled.has(number)),
  ).toEqual([]);
  expect(new Set(all).size).toBe(ITEMS);
  expect(await party.record('1')).toMatchObject({
    state: 'succeeded',
    attempt: KILLS + 1,
    result: '50,000 of 100,000 items changed',
    progress: { done: ITEMS, changed: ITEMS / 2 },
  });
  console.log(
    `killed at ${saves.map((done) => done.toLocaleString('en')).join(' · ')}; ${all.length} processed`,
  );
}, 180_000);
