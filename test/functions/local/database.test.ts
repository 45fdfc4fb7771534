import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Database, type DatabaseOptions, openDatabase } from '../../../functions/local/database.ts';
import { endDatabaseServers } from '../../database-servers.ts';
import { gone, isAlive, kill } from './processes.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
const opened: Database[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'database-'));
});

afterEach(async () => {
  for (const database of opened.splice(0)) database.close();
  for (const child of children.splice(0)) child.kill();
  await endDatabaseServers(folder);
  await rm(folder, { recursive: true, force: true });
});

describe('openDatabase', () => {
  it('keeps what was written over a restart of the server', async () => {
    const first = await open();
    await createTable(first.endpoint, 'Kept');
    first.close();
    await kill(first.serverPid, 'SIGTERM');

    const second = await open();

    expect(second.serverPid).not.toBe(first.serverPid);
    expect(await tables(second.endpoint)).toEqual(['Kept']);
  });

  it('gives processes that race for one folder one server', async () => {
    const clients = Array.from({ length: 8 }, () => client('30'));

    const answers = await Promise.all(clients.map(said));

    expect(new Set(answers.map(({ serverPid }) => serverPid)).size).toBe(1);
    expect(new Set(answers.map(({ endpoint }) => endpoint)).size).toBe(1);
  });

  it('gives another folder another server, which refuses the endpoint of the first', async () => {
    const database = await open();
    const foreign = database.endpoint.replace(/[0-9a-f]{32}$/, 'f'.repeat(32));

    await expect(tables(foreign)).rejects.toThrow('belongs to another folder, or was started anew');
  });

  it('starts a new server after the last one was killed, and tells who was connected', async () => {
    const first = await open();
    const lost = once(first.lost, 'abort');
    process.kill(first.serverPid, 'SIGKILL');
    await lost;

    const second = await open();

    expect(first.lost.reason).toMatchObject({ code: 'local-database' });
    expect(second.serverPid).not.toBe(first.serverPid);
    expect(await tables(second.endpoint)).toEqual([]);
  });

  it('does not take a program on the port of a dead server for the database', async () => {
    const { serverPid } = await open();
    await kill(serverPid);
    const foreign = createServer((_, response) => response.end(JSON.stringify({ nonce: 'mine' })));
    await rewriteAddress({ port: await listen(foreign) });

    const database = await open();

    expect(database.serverPid).not.toBe(serverPid);
    expect(await tables(database.endpoint)).toEqual([]);
    foreign.close();
  });

  it.each(['', '{"pid":', '[]', '{"pid":1,"port":1,"nonce":"../.."}'])(
    'starts a server over a damaged server.json: %j',
    async (damage) => {
      await writeFile(join(folder, 'server.json'), damage);

      const database = await open();

      expect(await tables(database.endpoint)).toEqual([]);
    },
  );

  it('says so when a server holds the folder but cannot be found', async () => {
    await open();
    await writeFile(join(folder, 'server.json'), 'damaged');

    await expect(open({ startSeconds: 1 })).rejects.toMatchObject({
      code: 'local-database',
      message: expect.stringContaining(folder),
      resolution: expect.stringContaining('end the process database-server'),
    });
  });

  it('says so when the stored files are damaged', async () => {
    const { serverPid } = await open();
    await kill(serverPid);
    const manifest = (await readFile(join(folder, 'db', 'CURRENT'), 'utf8')).trim();
    await writeFile(join(folder, 'db', manifest), 'garbage');

    await expect(open()).rejects.toMatchObject({
      code: 'local-database-damaged',
      message: expect.stringContaining('Corruption'),
      resolution: expect.stringContaining('--reset'),
    });
  });

  it('says so when the folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');

    await expect(openDatabase(join(folder, 'file', 'party'))).rejects.toMatchObject({
      code: 'local-folder',
      message: expect.stringContaining('ENOTDIR'),
    });
  });
});

describe('the server', () => {
  it('ends after its last client, however that one ends, and lets go of the folder', async () => {
    const closing = client('0.2');
    const killed = client('0.2');
    const [{ serverPid }] = [await said(closing), await said(killed)];

    closing.stdin?.end();
    await once(closing, 'exit');
    expect(isAlive(serverPid)).toBe(true);
    killed.kill('SIGKILL');
    await gone(serverPid);

    await expect(readFile(join(folder, 'server.json'))).rejects.toThrow('ENOENT');
    expect((await open()).serverPid).not.toBe(serverPid);
  });

  it('survives a client that breaks off in the middle of a request', async () => {
    const database = await open();
    const { port, pathname } = new URL(database.endpoint);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`POST ${pathname} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"half":`);
    await once(socket, 'connect');
    await tables(database.endpoint);

    socket.resetAndDestroy();
    await once(socket, 'close');
    await sleep(50);

    expect(await tables(database.endpoint)).toEqual([]);
  });

  it('knows its clients', async () => {
    const [one, two] = [await open(), await open()];
    expect(new Set(await one.connectedClients())).toEqual(new Set([one.clientId, two.clientId]));
  });

  it('leaves the address of a successor alone when the folder was removed under it', async () => {
    const first = await open({ idleSeconds: 0.1 });
    await rm(folder, { recursive: true });
    const second = await open();

    first.close();
    await gone(first.serverPid);

    expect((await open()).serverPid).toBe(second.serverPid);
  });
});

async function open(options?: DatabaseOptions): Promise<Database> {
  const database = await openDatabase(folder, options);
  opened.push(database);
  return database;
}

function client(idleSeconds: string): ChildProcess {
  const program = fileURLToPath(new URL('fixtures/database-client.ts', import.meta.url));
  const child = spawn(process.execPath, [program, folder, idleSeconds], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function said(child: ChildProcess): Promise<{ serverPid: number; endpoint: string }> {
  if (child.stdout === null) throw new Error('no stdout');
  for await (const line of child.stdout) return JSON.parse(String(line));
  throw new Error(`the client said nothing${await text(child.stdout)}`);
}

async function rewriteAddress(change: object): Promise<void> {
  const file = join(folder, 'server.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }));
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

function dynamo(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new DynamoDBClient({ endpoint, credentials, region: 'us-east-1', maxAttempts: 1 });
}

async function tables(endpoint: string): Promise<string[] | undefined> {
  return (await dynamo(endpoint).send(new ListTablesCommand({}))).TableNames;
}

async function createTable(endpoint: string, TableName: string): Promise<void> {
  await dynamo(endpoint).send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );
}
