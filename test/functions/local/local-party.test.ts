import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TaskStatus } from '../../../functions/controller/requests.ts';
import { VARIABLES } from '../../../functions/environment.ts';
import {
  type LocalLogLine,
  type LocalParty,
  type LocalPartyOptions,
  openLocalParty,
} from '../../../functions/local/index.ts';
import { endDatabaseServers } from '../../database-servers.ts';
import { manifest } from './fixtures/party-bundle.ts';
import { gone, isAlive, pidIn } from './processes.ts';
import { ask, run, runIdOf } from './requests.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const entry = fixture('party-bundle.ts');

let app: string;
let folder: string;
let tasksFolder: string;
const parties: LocalParty[] = [];

beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'app-'));
  [folder, tasksFolder] = [join(app, '.after-party'), join(app, 'tasks')];
  await mkdir(tasksFolder);
});

afterEach(async () => {
  await Promise.all(parties.splice(0).map((party) => party.close()));
  await endDatabaseServers(app);
  await rm(app, { recursive: true });
});

async function open(options: Partial<LocalPartyOptions> = {}): Promise<LocalParty> {
  const bundle = async () => ({ entry, manifest });
  const party = await openLocalParty({ folder, tasksFolder, bundle, idleSeconds: 0.1, ...options });
  parties.push(party);
  return party;
}

const invoke = (party: LocalParty, name: string) => run(party, { request: 'invoke', names: [name] });

async function statesOf(party: LocalParty): Promise<Record<string, string>> {
  const { tasks } = await ask<{ tasks: TaskStatus[] }>(party, { request: 'status' });
  return Object.fromEntries(tasks.map(({ name, state }) => [name, state]));
}

describe('a local party', () => {
  it('runs what is pending once, and knows it after it was opened anew', async () => {
    const first = await open({ environment: { MODE: 'well' } });
    const done = await run(first);
    await first.close();
    const second = await open();

    const again = await run(second);

    expect(done).toMatchObject({ state: 'succeeded', trigger: 'run', by: 'a test' });
    expect(done.tasks).toMatchObject([
      { name: 'greet', state: 'succeeded', attempt: 1, result: 'greeted' },
      { name: 'depends', state: 'succeeded', result: 'well' },
    ]);
    expect(again.tasks).toEqual([]);
    expect(await statesOf(second)).toMatchObject({
      greet: 'succeeded',
      depends: 'succeeded',
      write: 'manual',
    });
  });

  it('makes no tables for a look, and has them for work', async () => {
    const looking = await open();
    expect(await statesOf(looking)).toMatchObject({ greet: 'pending', depends: 'pending' });
    expect(await ask(looking, { request: 'history', limit: 5 })).toMatchObject({ entries: [] });
    const client = new DynamoDBClient(looking.dynamo);
    expect((await client.send(new ListTablesCommand())).TableNames).toEqual([]);

    const working = await open({ environment: { MODE: 'well' } });
    expect(await run(working)).toMatchObject({ state: 'succeeded' });

    expect(await statesOf(working)).toMatchObject({ greet: 'succeeded', depends: 'succeeded' });
    expect(await statesOf(looking)).toEqual(await statesOf(working));
    client.destroy();
  });

  it('works after it has looked, and looks after it has worked', async () => {
    const party = await open({ environment: { MODE: 'well' } });
    const before = await statesOf(party);
    await run(party);

    expect([before, await statesOf(party)]).toMatchObject([{ greet: 'pending' }, { greet: 'succeeded' }]);
    expect(await ask(party, { request: 'status' })).toEqual(await ask(await open(), { request: 'status' }));
  });

  it('hands on log lines at once, and keeps them', async () => {
    const lines: LocalLogLine[] = [];
    const party = await open({ environment: { MODE: 'well' }, onLogLine: (line) => lines.push(line) });

    const { runId } = await run(party);

    const hello = { level: 'INFO', message: 'hello', version: '1', run: runId, attempt: 1 };
    expect(lines).toContainEqual(expect.objectContaining(hello));
    const kept = await ask<{ lines: unknown[] }>(party, { request: 'logs', names: ['greet'] });
    expect(kept.lines).toContainEqual(expect.objectContaining(hello));
  });

  it('records a task that fails, and takes it up again', async () => {
    const failing = await open({ environment: { MODE: 'fail' } });
    const failed = await run(failing);
    await failing.close();

    const succeeded = await run(await open({ environment: { MODE: 'well' } }));

    expect(failed).toMatchObject({
      state: 'failed',
      tasks: [{ state: 'succeeded' }, { state: 'failed', error: { message: 'not today' } }],
    });
    expect(succeeded.tasks).toMatchObject([{ name: 'depends', state: 'succeeded', attempt: 2 }]);
  });

  it('keeps tasks from AWS, and says so', async () => {
    const { tasks } = await invoke(await open(), 'call_aws');
    expect(tasks).toMatchObject([
      { state: 'failed', error: { name: 'NoAws', message: expect.stringContaining('sts was not called') } },
    ]);
  });

  it('gives tasks the variables of cdk.out and .env.local, and has the tables of the one', async () => {
    const cdkOut = await writeApp(['Shop']);
    await writeFile(join(tasksFolder, '.env.local'), 'MODE=from the file\n');
    const party = await open({ cdkOut });

    expect((await run(party)).tasks).toMatchObject([{}, { result: 'from the file' }]);
    expect((await invoke(party, 'write')).state).toBe('succeeded');

    const client = new DynamoDBClient(party.dynamo);
    expect((await client.send(new ScanCommand({ TableName: 'Shop-Notes' }))).Items).toEqual([
      { id: { S: 'noted' } },
    ]);
    client.destroy();
  });

  it('names a variable that a task reads and nobody gave', async () => {
    const { tasks } = await invoke(await open(), 'read_missing');
    expect(tasks[0]?.error?.message).toContain('QUEUE_URL');
  });

  it('asks which party is meant before anything runs, but shows what there is', async () => {
    const party = await open({ cdkOut: await writeApp(['Dev', 'Live']) });

    await expect(run(party)).rejects.toMatchObject({ code: 'which-party' });

    expect(await statesOf(party)).toMatchObject({ greet: 'pending', depends: 'pending' });
  });

  it('refuses writes on the status alias', async () => {
    const party = await open();
    const answer = await party.request({ v: 1, request: 'run', runId: runIdOf(), by: 'a test' }, 'status');
    expect(answer).toMatchObject({ error: { code: 'read-only' } });
  });

  it('lets go of the database when the tasks cannot be bundled', async () => {
    await expect(open({ bundle: () => Promise.reject(new Error('no task')) })).rejects.toThrow('no task');
    while (existsSync(join(folder, 'server.json'))) await sleep(10);
  });
});

describe('a deploy on this machine', () => {
  it('is answered once, also when the event comes twice at a time and again later', async () => {
    const answers: object[] = [];
    const server = createServer(async (request, response) => {
      answers.push((await json(request)) as object);
      response.end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const endpointUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const StackId = 'arn:aws:cloudformation:us-east-1:000000000000:stack/Shop/1';
    const party = await open({
      environment: { MODE: 'well' },
      config: { endpointUrl, stackId: StackId },
      stacks: { describe: async () => ({ status: 'CREATE_IN_PROGRESS', rootStatus: 'CREATE_IN_PROGRESS' }) },
    });
    const event = {
      RequestType: 'Create',
      RequestId: randomUUID(),
      ResponseURL: `${endpointUrl}/answer`,
      StackId,
      LogicalResourceId: 'TasksRun',
      ResourceType: 'Custom::AfterParty',
      ResourceProperties: { ServiceToken: 'arn', DeployId: 'one', Tasks: [] },
    };

    await Promise.all([party.request(event), party.request(event)]);
    while (answers.length === 0) await sleep(10);
    const { tasks } = await ask<{ tasks: TaskStatus[] }>(party, { request: 'status' });
    await party.settled(tasks[0]?.lastRun ?? '');
    await party.request(event);

    expect(answers).toMatchObject([{ Status: 'SUCCESS', PhysicalResourceId: 'after-party-local' }]);
    expect(await statesOf(party)).toMatchObject({ greet: 'succeeded', depends: 'succeeded' });
    server.closeAllConnections();
    server.close();
  });
});

describe('a process that is killed', () => {
  it('leaves a run that the next process settles and goes on with', async () => {
    const [pidFile, runId] = [join(app, 'pid'), runIdOf()];
    const first = spawn(process.execPath, [fixture('run-party.ts'), folder, tasksFolder, pidFile, runId], {
      stdio: 'inherit',
    });
    const runner = await pidIn(pidFile);
    first.kill('SIGKILL');
    await gone(runner);
    const party = await open({ environment: { MODE: 'well' } });
    expect(await statesOf(party)).toMatchObject({ greet: 'succeeded', depends: 'running' });

    const next = await run(party);

    expect(await ask(party, { request: 'show-run', runId })).toMatchObject({ state: 'failed' });
    expect(next.tasks).toMatchObject([{ name: 'depends', state: 'succeeded', attempt: 2 }]);
  });

  it('is the runner: its task has failed', async () => {
    const pidFile = join(app, 'pid');
    const party = await open({ environment: { MODE: 'hang', PID_FILE: pidFile } });
    const done = run(party);

    process.kill(await pidIn(pidFile), 'SIGKILL');

    expect((await done).tasks).toMatchObject([
      { state: 'succeeded' },
      {
        ...{ name: 'depends', state: 'failed' },
        reason: "the runner's process was ended by SIGKILL while the task was being executed",
      },
    ]);
  });

  it('is the database server: who drives a run is told, and its runner ends', async () => {
    const pidFile = join(app, 'pid');
    const party = await open({ environment: { MODE: 'hang', PID_FILE: pidFile } });
    const done = run(party);
    const failure = expect(done).rejects.toMatchObject({ code: 'local-database' });
    const runner = await pidIn(pidFile);

    process.kill(JSON.parse(await readFile(join(folder, 'server.json'), 'utf8')).pid, 'SIGKILL');

    await failure;
    await gone(runner);
    const next = await run(await open({ environment: { MODE: 'well' } }));
    expect(next.tasks).toMatchObject([{ name: 'depends', state: 'succeeded', attempt: 2 }]);
  });

  it('is the database server: who looks is told', async () => {
    const party = await open();
    await statesOf(party);

    process.kill(JSON.parse(await readFile(join(folder, 'server.json'), 'utf8')).pid, 'SIGKILL');

    await vi.waitFor(async () =>
      expect(await party.request({ v: 1, request: 'status' })).toMatchObject({
        error: { code: 'local-database', message: expect.stringContaining('ended while it was in use') },
      }),
    );
    // Its server takes the address of the dead one away.
    await open();
  });

  it('is asked to end: what it ran has failed', async () => {
    const pidFile = join(app, 'pid');
    const party = await open({ environment: { MODE: 'hang', PID_FILE: pidFile } });
    await ask(party, { request: 'run', runId: runIdOf() });
    const runner = await pidIn(pidFile);

    await party.close();

    expect(isAlive(runner)).toBe(false);
    expect(await statesOf(await open())).toMatchObject({ greet: 'succeeded', depends: 'failed' });
  });
});

/** A `cdk.out` with a party and a table per stack. */
async function writeApp(stacks: string[]): Promise<string> {
  const cdkOut = join(app, 'cdk.out');
  await mkdir(cdkOut);
  const artifact = (name: string) => ({
    type: 'aws:cloudformation:stack',
    properties: { templateFile: `${name}.json` },
  });
  const artifacts = Object.fromEntries(stacks.map((name) => [name, artifact(name)]));
  await writeFile(join(cdkOut, 'manifest.json'), JSON.stringify({ artifacts }));
  const lambda = (variables: object) => ({
    Type: 'AWS::Lambda::Function',
    Properties: { Environment: { Variables: variables } },
  });
  const Resources = {
    Controller: lambda({
      [VARIABLES.ledgerId]: 'l',
      [VARIABLES.stateMachineArn]: 'arn',
      [VARIABLES.party]: 'Tasks',
    }),
    Runner: lambda({ [VARIABLES.ledgerId]: 'l', NOTES: { Ref: 'Notes' } }),
    Notes: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      },
    },
  };
  for (const name of stacks) await writeFile(join(cdkOut, `${name}.json`), JSON.stringify({ Resources }));
  return cdkOut;
}
