import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { span } from '../../bin/terminal/times.ts';
import {
  createDocumentClient,
  Ledger,
  LedgerTable,
  type RunRecord,
  type TaskRecord,
} from '../../functions/ledger/index.ts';
import { type Database, openDatabase } from '../../functions/local/database.ts';
import { DevSession } from '../bin/dev-session.ts';
import { endDatabaseServers } from '../database-servers.ts';

const repository = join(import.meta.dirname, '../..');
/** Below the repository, where the staged tasks find the packages that they import. */
mkdirSync(join(repository, '.after-party'), { recursive: true });
const folder = mkdtempSync(join(repository, '.after-party', 'demo-test-'));

interface PrintedTask {
  readonly deploy: number;
  readonly mark: string;
  readonly version: string;
  readonly name: string;
  readonly took: string;
  readonly note: string;
}

const TASK_LINE = /^ {2}([✔✖]) (every deploy|\d{14}) +(\S+) +(\S+) {2}(.*)$/;
const KILL_LINE = /^ {2}◐ \d{14} backfill_full_name +[▇▁]{10} \d+ % {3}kill -9 of one of its processes$/;
const RESUMED_LINE = /^ {2}◐ resumed from (\d+) %, none of the (\d+) finished shards repeated$/;
const PROFILES = 10_000;
const SHARDS = 16;

let output: string[];
let printed: PrintedTask[];
let received: { method: string; path: string; body: string }[];
let database: Database;
let client: ReturnType<typeof createDocumentClient>;
let records: Map<string, TaskRecord>;
let ledger: Ledger;

beforeAll(async () => {
  const program = join(repository, 'bin/demo/demo.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, folder], {
    cwd: repository,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  output = stdout.trimEnd().split('\n');
  printed = tasksIn(output);
  received = readFileSync(join(folder, 'received.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

  database = await openDatabase(join(folder, '.after-party'));
  client = createDocumentClient({
    endpoint: database.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  ledger = new Ledger(new LedgerTable(client, 'after-party', 'tasks'));
  records = new Map();
  for (const record of (await ledger.tasks.all()).values()) {
    if (record instanceof Error) throw record;
    records.set(record.name, record);
  }
}, 600_000);

afterAll(async () => {
  client.destroy();
  database.close();
  // The demo's database server would stay for another half minute, and writes until it has ended.
  await endDatabaseServers(folder);
  rmSync(folder, { recursive: true, force: true });
}, 90_000);

function tasksIn(lines: readonly string[]): PrintedTask[] {
  let deploy = 0;
  return lines.flatMap((line) => {
    if (/^deploy \d/.test(line)) deploy += 1;
    const [, mark, version, name, took, note] = TASK_LINE.exec(line) ?? [];
    if (!mark || !version || !name || !took || note === undefined) return [];
    return [{ deploy, mark, version, name, took, note }];
  });
}

function printedIn(deploy: number): PrintedTask[] {
  return printed.filter((task) => task.deploy === deploy);
}

/** The runs in the order of their deploys, by the attempts of the tasks that each of them ran. */
async function runsOf(deploys: readonly number[]): Promise<RunRecord[]> {
  return Promise.all(
    deploys.map(async (deploy) => {
      const [first] = printedIn(deploy);
      if (first === undefined) throw new Error(`deploy ${deploy} printed no task`);
      const earlier = printed.filter((task) => task.name === first.name && task.deploy < deploy).length;
      return ledger.runs.require(records.get(first.name)?.history[earlier]?.run ?? '');
    }),
  );
}

/** The children of a task that is split. */
async function childrenOf(name: string): Promise<TaskRecord[]> {
  const { version = '', children } = records.get(name) ?? {};
  const numbers = Array.from({ length: children?.count ?? 0 }, (_, index) => index + 1);
  return Promise.all(
    numbers.map(async (number) => {
      const record = await ledger.children(version).at(number).get(version);
      if (record === undefined) throw new Error(`child ${number} of ${name} is not in the ledger`);
      return record;
    }),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function bodies(path: RegExp): string[] {
  return received.filter((request) => path.test(request.path)).map(({ body }) => body);
}

async function items(TableName: string): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for await (const page of paginateScan({ client }, { TableName, ConsistentRead: true }))
    found.push(...(page.Items ?? []));
  return found;
}

describe('what the demo prints', () => {
  it('tells five deploys', () => {
    const names = [1, 2, 3, 4, 5].map((deploy) => printedIn(deploy).map(({ name }) => name));

    expect(names).toEqual([
      ['strip_invalid_characters', 'import_price_list', 'remove_the_tallest_user', 'announce_release'],
      ['restart_search'],
      ['restart_search', 'start_partner_resync', 'announce_release', 'notify_issue_111'],
      [
        ...['seed_default_roles', 'announce_release', 'backfill_full_name'],
        ...['backfill_full_name', 'seed_default_roles'],
      ],
      ['announce_release'],
    ]);
  });

  it("has the ledger's state, attempt and duration of every task, and shows every attempt in the ledger", () => {
    for (const [name, record] of records) {
      const always = name === 'announce_release';
      const lines = printed.filter((task) => task.name === name);

      const told = lines.map(({ version, mark, took, note }) => ({
        version,
        state: mark === '✔' ? 'succeeded' : 'failed',
        took,
        attempt: /attempt (\d+)$/.exec(note)?.[1],
      }));

      const happened = record.history.map(({ state, startedAt = '', at, attempt }) => ({
        version: always ? 'every deploy' : record.version,
        state,
        took: span(Date.parse(at) - Date.parse(startedAt)),
        attempt: !always && (state === 'failed' || attempt > 1) ? String(attempt) : undefined,
      }));
      expect(told).toEqual(happened);
      expect(lines.at(-1)?.note).toContain(record.result);
    }
    expect([...records.keys()].toSorted()).toEqual([...new Set(printed.map(({ name }) => name))].toSorted());
  });

  it("has the runs' counts, and the Reason that the response URL was sent", async () => {
    const [first, second, third, fourth, fifth] = await runsOf([1, 2, 3, 4, 5]);

    expect(first?.counts).toEqual({ succeeded: 4, failed: 0, notStarted: 0 });
    expect(second?.counts).toEqual({ succeeded: 0, failed: 1, notStarted: 2 });
    expect(third?.counts).toEqual({ succeeded: 3, failed: 0, notStarted: 0 });
    expect(fourth?.counts).toEqual({ succeeded: 1, failed: 1, notStarted: 0 });
    expect(fifth?.counts).toEqual({ succeeded: 1, failed: 0, notStarted: 0 });
    expect(output).toContain('  · 2 not started, no mail sent');
    expect(output.slice(output.indexOf('deploy 5 · nothing new'))).toContain('  no pending tasks to run');
    const from = output.findIndex((line) => line.includes('FAILED, as CloudFormation would show it'));
    const reason = output
      .slice(from + 1)
      .filter((line) => line.startsWith('    '))
      .map((line) => line.trim())
      .join(' ');
    expect(reason).toBe(second?.answer?.text);
    expect(reason).toContain('failed (attempt 1');
    const responses = bodies(/^\/cloudformation\//).map((body) => JSON.parse(body));
    expect(responses.map(({ Status }) => Status)).toEqual([
      'SUCCESS',
      'FAILED',
      'SUCCESS',
      'SUCCESS',
      'SUCCESS',
      'SUCCESS',
    ]);
    expect(responses[1].Reason).toBe(reason);
    expect(responses[2].Data.Outcome).toContain('no task was started');
    expect(output).toContain(`  · rolled back: ${responses[2].Data.Outcome}`);
  });

  it('sent one mail, after the third deploy had its answer, and told Slack what it prints', () => {
    const responsesAndMails = received
      .filter(({ path }) => path.startsWith('/cloudformation/') || path === '/mail')
      .map(({ method }) => method);

    // The responses to deploy 1, to deploy 2 and its rollback, and to deploy 3 come before the mail.
    expect(responsesAndMails.indexOf('POST')).toBe(4);
    expect(bodies(/^\/mail$/)).toHaveLength(1);
    expect(output).toContain('  · 1 mail sent');
    const announced = printed.filter(({ name }) => name === 'announce_release').map(({ note }) => note);
    expect(bodies(/^\/slack$/).map((body) => `→ Slack "${JSON.parse(body).text}"`)).toEqual(announced);
    expect(announced).toEqual([
      '→ Slack "demo: 3 tasks ran"',
      '→ Slack "demo: 2 tasks ran"',
      '→ Slack "demo: 1 task ran, 1 failed"',
      '→ Slack "demo: no tasks ran"',
    ]);
  });

  it('killed a shard of the backfill, and went on with that one where the ledger had it last', async () => {
    const record = records.get('backfill_full_name');
    const shards = await childrenOf('backfill_full_name');
    const killed = shards.filter(({ history }) => history.length > 1);
    const deploy = output.slice(output.findIndex((line) => line.startsWith('deploy 4')));
    const [killedAt = -1, resumedAt = -1] = [KILL_LINE, RESUMED_LINE].map((pattern) =>
      deploy.findIndex((line) => pattern.test(line)),
    );
    const [, resumedFrom, finished] = RESUMED_LINE.exec(deploy[resumedAt] ?? '') ?? [];

    expect(record?.history.map(({ state }) => state)).toEqual(['failed', 'succeeded']);
    expect(deploy[0]).toContain(`${PROFILES.toLocaleString('en')} profiles`);
    expect(deploy[0]).toContain(`${SHARDS} shards`);
    expect(killedAt).toBeGreaterThan(0);
    expect(resumedAt).toBeGreaterThan(killedAt);
    expect(shards).toHaveLength(SHARDS);
    expect(shards.map(({ state }) => state)).toEqual(Array(SHARDS).fill('succeeded'));
    expect(sum(shards.map(({ progress }) => progress?.done ?? 0))).toBe(PROFILES);
    expect(new Set(killed.map(({ history }) => history.map(({ state }) => state).join()))).toEqual(
      new Set(['failed,succeeded']),
    );
    // One may have been between two shards.
    expect(deploy.filter((line) => KILL_LINE.test(line)).length).toBeGreaterThanOrEqual(killed.length);
    expect(Number(finished)).toBe(SHARDS - killed.length);
    const left = sum(killed.map(({ progress }) => (progress?.done ?? 0) - (progress?.before ?? 0)));
    // How many there are of a shard is known for sure at its end only.
    expect(Math.abs(Number(resumedFrom) - (1 - left / PROFILES) * 100)).toBeLessThan(5);
    const profiles = await items('demo-profiles');
    expect(profiles).toHaveLength(PROFILES);
    expect(profiles.filter(({ first, last, fullName }) => fullName !== `${first} ${last}`)).toEqual([]);
  }, 120_000);

  it('gave every tenant its roles but the excepted one, and the one that was locked alone a second time', async () => {
    const tenants = await childrenOf('seed_default_roles');
    const put = received.filter(({ path }) => path.startsWith('/identity/tenants/'));

    expect(tenants.map(({ key, state, attempt }) => [key, state, attempt])).toEqual([
      ['acme', 'succeeded', 1],
      ['globex', 'succeeded', 1],
      ['initech', 'succeeded', 2],
    ]);
    expect(put.map(({ path }) => path).toSorted()).toEqual([
      ...['/identity/tenants/acme/roles', '/identity/tenants/globex/roles'],
      ...['/identity/tenants/initech/roles', '/identity/tenants/initech/roles'],
    ]);
    expect(put.at(-1)?.path).toBe('/identity/tenants/initech/roles');
    expect(printed.find(({ name }) => name === 'seed_default_roles')?.note).toContain(
      '1 of 3 failed: key "initech": Error: HTTP 423',
    );
  });

  it('did what the results say', async () => {
    const titles = await items('demo-titles');
    const users = await items('demo-users');

    expect(titles).toHaveLength(1_000);
    expect(titles.filter(({ title }) => /\p{Cc}/u.test(String(title)))).toEqual([]);
    expect(await items('demo-prices')).toHaveLength(250);
    expect(users.filter((user) => 'removedBy' in user).map(({ heightCm }) => heightCm)).toEqual([272]);
    expect(bodies(/^\/search\/restart$/)).toHaveLength(3);
    expect(received.filter(({ path }) => path === '/partner/resyncs/7').length).toBeGreaterThan(0);
  });
});

describe('the commands that the demo names', () => {
  it('work in its folder', async () => {
    const [look = '', invoke = '', write = ''] = output.slice(-3);
    const program = join(repository, 'bin/after-party.ts');
    const run = (...args: string[]) =>
      promisify(execFile)(process.execPath, [program, ...args, '--json'], { cwd: folder });

    const status = JSON.parse((await run('status', '--local')).stdout);
    const invoked = JSON.parse((await run(...shellWords(invoke))).stdout);

    expect(look).toContain('npx after-party status --local');
    const shown = status.tasks.map((task: { name: string; state: string }) => [task.name, task.state]);
    expect(Object.fromEntries(shown)).toMatchObject({
      restart_search: 'succeeded',
      backfill_full_name: 'succeeded',
      seed_default_roles: 'succeeded',
      recalculate_invoices: 'manual',
    });
    expect(invoked.tasks).toMatchObject([
      { name: 'recalculate_invoices', state: 'succeeded', result: '3 of 12 invoices changed' },
    ]);
    const [generate = '', dev = ''] = write.split(' && ');
    expect(JSON.parse((await run(...shellWords(generate))).stdout)).toMatchObject({ pending: true });
    const [, ...tried] = shellWords(dev);
    const session = new DevSession(folder, ...tried);
    expect(await session.round()).toMatch(/✔ \d{14}_say_hello/);
    expect(await session.interrupt()).toMatchObject({ code: 0 });
  }, 120_000);
});

/** What a shell would hand to `npx after-party`. */
function shellWords(line: string): string[] {
  const words =
    line.slice(line.indexOf('npx after-party') + 'npx after-party '.length).match(/'[^']*'|\S+/g) ?? [];
  return words.map((word) => word.replace(/^'|'$/g, ''));
}
