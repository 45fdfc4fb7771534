import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../functions/local/database.ts';
import { resetFolder } from '../../../functions/local/reset-folder.ts';
import { endDatabaseServers } from '../../database-servers.ts';
import { isAlive, kill } from './processes.ts';

let folder: string;
const opened: Database[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reset-'));
});
afterEach(async () => {
  for (const database of opened.splice(0)) database.close();
  await endDatabaseServers(folder);
  await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<Database> {
  const database = await openDatabase(folder);
  opened.push(database);
  return database;
}

const client = ({ endpoint }: Database) =>
  new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
const tables = async (database: Database) =>
  (await client(database).send(new ListTablesCommand({}))).TableNames;
const createTable = (database: Database) =>
  client(database).send(
    new CreateTableCommand({
      TableName: 'Kept',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );

describe('a folder says its format', () => {
  it('from its start, and is opened again', async () => {
    await open();
    await open();

    expect(JSON.parse(await readFile(join(folder, 'format.json'), 'utf8'))).toEqual({ format: 1 });
  });

  it.each([
    ['before formats were written', undefined, 'local-folder-format', /made by an older version/],
    ['in an older format', '{"format":0}', 'local-folder-format', /made by an older version/],
    ['in a newer format', '{"format":2}', 'local-folder-format', /made by a newer version/],
    ['half', '{"form', 'local-folder-damaged', /does not say its format/],
  ])('and is refused where it was written %s', async (_, mark, code, words) => {
    await mkdir(join(folder, 'db'));
    await writeFile(join(folder, 'db/CURRENT'), 'x');
    if (mark !== undefined) await writeFile(join(folder, 'format.json'), mark);

    await expect(open()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(words),
      resolution: expect.stringContaining('--reset'),
    });
    expect(await readFile(join(folder, 'db/CURRENT'), 'utf8')).toBe('x');
  });
});

describe('a folder is emptied', () => {
  it('of the tables, and of nothing that somebody else has put there', async () => {
    const before = await open();
    await createTable(before);
    before.close();
    await mkdir(join(folder, 'demo'));
    await writeFile(join(folder, 'notes.txt'), 'mine');

    await resetFolder(folder);

    expect(await readdir(folder)).toEqual(['demo', 'notes.txt']);
    expect(isAlive(before.serverPid)).toBe(false);
    expect(await tables(await open())).toEqual([]);
  });

  it.each(['db', 'lock', 'server.json', 'format.json', 'logs'])('though its %s is damaged', async (name) => {
    const { serverPid, close } = await open();
    close();
    await kill(serverPid);
    await rm(join(folder, name), { recursive: true, force: true });
    await writeFile(join(folder, name), 'garbage');

    await resetFolder(folder);

    expect(await readdir(folder)).toEqual([]);
    expect(await tables(await open())).toEqual([]);
  });

  it('not while another process works with it, whether or not its server is found', async () => {
    const database = await open();
    await createTable(database);

    await expect(resetFolder(folder)).rejects.toMatchObject({ code: 'held' });
    await writeFile(join(folder, 'server.json'), 'garbage');
    await expect(resetFolder(folder)).rejects.toMatchObject({ code: 'held' });

    expect(await tables(database)).toEqual(['Kept']);
  });

  it('that is not there, which leaves it so', async () => {
    await rm(folder, { recursive: true });

    await resetFolder(folder);

    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('that is none, which is said', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, '');

    await expect(resetFolder(folder)).rejects.toMatchObject({ code: 'local-folder' });
    expect(await readFile(folder, 'utf8')).toBe('');
  });
});
