import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LocalParty, openLocalParty } from '../../../functions/local/index.ts';
import { endDatabaseServers } from '../../database-servers.ts';
import { manifest } from './fixtures/split-bundle.ts';
import { gone, isAlive } from './processes.ts';
import { ask, ended, run, runIdOf } from './requests.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

/** What a child wrote down. */
interface Note {
  readonly what: 'begin' | 'end';
  readonly child: string;
  readonly pid: number;
}

let bundled: string;
let entry: string;
let app: string;
let folder: string;
let tasksFolder: string;
const parties: LocalParty[] = [];

// Many processes load it.
beforeAll(async () => {
  bundled = await mkdtemp(join(tmpdir(), 'split-bundle-'));
  entry = join(bundled, 'index.mjs');
  await build({
    ...{ bundle: true, format: 'esm', platform: 'node', outfile: entry },
    entryPoints: [fileURLToPath(new URL('fixtures/split-bundle.ts', import.meta.url))],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});
afterAll(() => rm(bundled, { recursive: true }));

beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'fan-out-'));
  [folder, tasksFolder] = [join(app, '.after-party'), join(app, 'tasks')];
  await mkdir(tasksFolder);
});

afterEach(async () => {
  await Promise.all(parties.splice(0).map((party) => party.close()));
  await endDatabaseServers(app);
  await rm(app, { recursive: true });
});

const seen = () => join(app, 'seen');
const variables = (given: object = {}) => ({ SEEN: seen(), GO: join(app, 'go'), KEYS: '[]', ...given });
const letGo = () => writeFile(join(app, 'go'), '');

async function open(given: object = {}): Promise<LocalParty> {
  const party = await openLocalParty({
    ...{ folder, tasksFolder, idleSeconds: 0.1, environment: variables(given) },
    bundle: async () => ({ entry, manifest }),
  });
  parties.push(party);
  return party;
}

/** Runs what is pending in a process of its own. */
function drive(runId: string, environment: object): ChildProcess {
  const program = fileURLToPath(new URL('fixtures/run-split.ts', import.meta.url));
  const given = [folder, tasksFolder, entry, runId, JSON.stringify(environment)];
  return spawn(process.execPath, [program, ...given], { stdio: 'inherit' });
}

async function notes(): Promise<Note[]> {
  if (!existsSync(seen())) return [];
  const lines = (await readFile(seen(), 'utf8')).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Note);
}

async function children(what: Note['what']): Promise<string[]> {
  return (await notes()).filter((note) => note.what === what).map(({ child }) => child);
}

/** Waits until so many children have done so. */
async function until(what: Note['what'], count: number): Promise<void> {
  while ((await children(what)).length < count) await sleep(10);
}

const shards = (count = 16) => Array.from({ length: count }, (_, index) => String(index));
const sorted = (numbers: readonly string[]) => [...numbers].sort((a, b) => Number(a) - Number(b));
const invoke = (names: string[]) => ({ request: 'invoke', names, confirmed: true });

function mostAtOnce(all: readonly Note[]): number {
  let [now, most] = [0, 0];
  for (const { what } of all) {
    now += what === 'begin' ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

describe('a split task on this machine', () => {
  it('has its children executed each once, side by side, never more at once than it says', async () => {
    const runId = runIdOf();
    const party = await open({ HANG: '0,1,2,3' });
    await ask(party, { request: 'run', runId });
    await until('begin', 4);
    await letGo();
    const done = await ended(party, runId);

    expect(done).toMatchObject({
      state: 'succeeded',
      tasks: [{ result: '16 shards' }, { result: '0 keys' }],
    });
    const all = await notes();
    expect(sorted(await children('begin'))).toEqual(shards());
    expect(sorted(await children('end'))).toEqual(shards());
    expect(mostAtOnce(all)).toBe(4);
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(4);
    for (const { pid } of all) await gone(pid);
  });

  it('goes on with the others where one fails, and repairs that one alone in the next run', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `tenant ${index + 1}`);
    const KEYS = JSON.stringify(keys);
    const failing = await open({ KEYS, FAIL: 'tenant 7' });
    const failed = await run(failing, invoke(['keyed']));
    await failing.close();

    expect(failed).toMatchObject({ state: 'failed', tasks: [{ state: 'failed' }] });
    expect(failed.tasks[0]?.reason).toBe('1 of 20 failed: key "tenant 7": Error: not this one');
    expect((await children('end')).sort()).toEqual(keys.filter((key) => key !== 'tenant 7').sort());
    await rm(seen());

    const repaired = await run(await open({ KEYS }), { request: 'run' });

    expect(repaired.tasks).toMatchObject([
      { result: '16 shards' },
      { state: 'succeeded', result: '20 keys' },
    ]);
    expect((await children('begin')).filter((child) => child.startsWith('tenant'))).toEqual(['tenant 7']);
  });

  it('is paused for those that have not begun, and resumed with them alone', async () => {
    const party = await open({ HANG: '1,2' });
    const runId = runIdOf();
    await ask(party, { ...invoke(['sharded']), runId });
    await until('begin', 6);

    await ask(party, { request: 'pause', names: ['sharded'], reason: 'peak hours' });
    const before = await children('begin');
    await letGo();
    const paused = await ended(party, runId);

    expect(paused.tasks).toMatchObject([{ state: 'paused', reason: 'peak hours' }]);
    const begun = await children('begin');
    // Another one or two may have been on their way.
    expect(begun.length).toBeLessThanOrEqual(before.length + 2);
    expect(sorted(await children('end'))).toEqual(sorted(begun));

    const resumed = await run(party, { request: 'resume', names: ['sharded'] });

    expect(resumed.tasks).toMatchObject([{ state: 'succeeded', result: '16 shards' }]);
    expect(sorted(await children('end'))).toEqual(shards());
  });

  it('is cancelled for those that have not begun', async () => {
    const party = await open({ HANG: '1,2' });
    const runId = runIdOf();
    await ask(party, { ...invoke(['sharded']), runId });
    await until('begin', 6);

    await ask(party, { request: 'cancel', runId, reason: 'wrong release' });
    await letGo();
    const cancelled = await ended(party, runId);

    expect(cancelled).toMatchObject({
      state: 'cancelled',
      tasks: [{ state: 'cancelled', reason: 'wrong release' }],
    });
    expect((await children('end')).length).toBeLessThan(16);
    expect((await run(party)).tasks.map(({ name }) => name)).toEqual(['keyed']);
  });
});

describe('what is killed in the middle of a fan-out', () => {
  it('is the runner of one child: the others go on, and the next run repairs that one alone', async () => {
    const party = await open({ HANG: '2' });
    const runId = runIdOf();
    await ask(party, { request: 'run', runId });
    // All others have come to their end beside it.
    await until('end', 15);
    await until('begin', 16);
    const victim = (await notes()).find(({ child }) => child === '2');
    // To kill process 0 is to kill this one, and all that it belongs to.
    if (victim === undefined) throw new Error('no process has begun the child');

    process.kill(victim.pid, 'SIGKILL');
    const failed = await ended(party, runId);

    expect(failed.tasks).toMatchObject([
      {
        state: 'failed',
        reason:
          "1 of 16 failed: shard 3: the runner's process was ended by SIGKILL while the task was being executed",
      },
      {},
    ]);
    await rm(seen());
    await letGo();
    expect((await run(party)).tasks).toMatchObject([{ state: 'succeeded', result: '16 shards' }, {}]);
    expect(await children('begin')).toEqual(['2']);
  });

  it('is the process that drives the run: the next one settles what it held, and its run goes on with the rest', async () => {
    const runId = runIdOf();
    const driver = drive(runId, variables({ HANG: '4,5,6,7' }));
    // The first four have ended, and the next four hold all runners.
    await until('begin', 8);
    const runners = new Set((await notes()).map(({ pid }) => pid));
    driver.kill('SIGKILL');
    for (const runner of runners) await gone(runner);
    expect(sorted(await children('end'))).toEqual(shards(4));
    await letGo();
    const party = await open();

    // Any request that is more than a look has it adopted.
    await ask(party, { request: 'reset', names: ['keyed'], reason: 'a request' });
    const left = await ended(party, runId);

    expect(left).toMatchObject({
      state: 'failed',
      tasks: [
        {
          state: 'failed',
          reason: '4 of 16 failed: shard 5: the process that ran it on this machine ended',
        },
        {},
      ],
    });
    expect(sorted(await children('end'))).toEqual(shards(4));
    expect((await run(party)).tasks).toMatchObject([{ state: 'succeeded', result: '16 shards' }, {}]);
    expect(sorted(await children('end'))).toEqual(shards());
    expect(sorted(await children('begin'))).toEqual(sorted([...shards(), '4', '5', '6', '7']));
  });

  it('is the process that drives the run, while the runners load: their children count as not begun', async () => {
    const [runId, loaded] = [runIdOf(), join(app, 'loaded')];
    const driver = drive(runId, variables({ LOADED: loaded }));
    const runners = async () =>
      existsSync(loaded) ? (await readFile(loaded, 'utf8')).split('\n').slice(1, -1) : [];
    while ((await runners()).length < 4) await sleep(10);
    driver.kill('SIGKILL');
    for (const runner of await runners()) await gone(Number(runner));
    const party = await open();

    await ask(party, { request: 'reset', names: ['keyed'], reason: 'a request' });

    expect((await ended(party, runId)).tasks).toMatchObject([
      {
        state: 'interrupted',
        reason: 'the process that ran it on this machine ended; 16 of 16 left',
      },
      {},
    ]);
    expect((await run(party)).tasks).toMatchObject([{ state: 'succeeded', result: '16 shards' }, {}]);
    expect(sorted(await children('begin'))).toEqual(shards());
  });

  it('is closed: what ran has failed, and no process is left', async () => {
    const party = await open({ HANG: shards().join() });
    const runId = runIdOf();
    await ask(party, { request: 'run', runId });
    await until('begin', 4);

    await party.close();

    for (const { pid } of await notes()) expect(isAlive(pid)).toBe(false);
    await letGo();
    const next = await open();
    expect((await run(next)).tasks).toMatchObject([{ state: 'succeeded', result: '16 shards' }, {}]);
    expect(await ended(next, runId)).toMatchObject({ state: 'failed' });
    expect(sorted(await children('end'))).toEqual(shards());
  });
});
