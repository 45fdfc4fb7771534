/** The process that holds a folder's database: `node database-server.js <folder> <idle seconds>`. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ClassicLevel } from 'classic-level';
import { messageOf } from '../errors.ts';
import { ConnectedClients } from './connected-clients.ts';
import { DatabaseFolder, EXIT_DAMAGED, EXIT_HELD } from './database-folder.ts';
import { refuseAws } from './no-aws.ts';

const [path, idleSeconds] = process.argv.slice(2);
if (path === undefined || !(Number(idleSeconds) > 0))
  throw new Error('usage: database-server <folder> <idle seconds>');
const folder = new DatabaseFolder(path);

// The lock is LevelDB's own: the system holds it for this process and lets go of it with the process.
const lock = await openOrExit(folder.lock);
await folder.removeAddress();
// Dynalite cannot report that its files do not open, so they are tried first.
await (await openOrExit(folder.data)).close();

const { default: dynalite } = await import('dynalite');
const nonce = randomBytes(16).toString('hex');
const server = dynalite({ path: folder.data, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
const [answerDynamo] = server.listeners('request');
let ending = false;
const clients = new ConnectedClients(Number(idleSeconds), end);
server.removeAllListeners('request').on('request', answer).listen(0, '127.0.0.1', announce);
process.once('SIGTERM', end);

async function openOrExit(location: string): Promise<ClassicLevel> {
  const level = new ClassicLevel(location);
  try {
    await level.open();
    return level;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') process.exit(EXIT_HELD);
    console.error(`${location}: ${messageOf(cause ?? error)}`);
    process.exit(EXIT_DAMAGED);
  }
}

async function announce(): Promise<void> {
  const { port } = server.address() as AddressInfo;
  await folder.writeAddress({ pid: process.pid, port, nonce });
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, given, what, id] = (request.url ?? '').split(/[/?]/);
  if (given !== nonce) refuseStranger(response);
  else if (what === 'client' && id !== undefined) clients.welcome(id, response, JSON.stringify({ nonce }));
  else if (what === 'clients') response.end(JSON.stringify(clients.ids));
  else if (what === 'aws') refuseAws(request, response);
  else void answerFromDatabase(request, response);
}

/** Dynalite throws, outside of any promise, at a request that breaks off: it gets whole ones only. */
async function answerFromDatabase(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  try {
    const body = await buffer(request);
    answerDynamo?.call(server, Object.assign(Readable.from([body]), { method, url, headers }), response);
  } catch (error) {
    console.error(`a client broke off: ${messageOf(error)}`);
    response.destroy();
  }
}

function refuseStranger(response: ServerResponse): void {
  const message = 'this database belongs to another folder, or was started anew: run the command again';
  response
    .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
    .end(JSON.stringify({ __type: 'com.amazon.coral.service#UnrecognizedClientException', message }));
}

function end(): void {
  if (ending) return;
  ending = true;
  server.close(async () => {
    // The folder may have been removed, and a second server started in its successor.
    if ((await folder.readAddress())?.nonce === nonce) await folder.removeAddress();
    await lock.close();
    process.exit();
  });
  server.closeAllConnections();
}
