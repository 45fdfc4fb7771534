import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PartyError } from '../errors.ts';
import { DatabaseFolder, EXIT_DAMAGED, EXIT_HELD, type ServerAddress } from './database-folder.ts';
import { BEGIN_ANEW } from './folder-format.ts';

const HANDSHAKE_MS = 2000;
const POLL_MS = 25;
/** How long to leave the server that is there, which may be about to end, before another one is tried. */
const HELD_MS = 250;

export interface DatabaseOptions {
  /**
   * How long the server stays after its last client.
   * @default 30
   */
  readonly idleSeconds?: number;
  /**
   * How long to wait for a server.
   * @default 20
   */
  readonly startSeconds?: number;
}

/** A connection to a folder's database server; the server stays while one is open. */
export interface Database {
  /** The URL that DynamoDB clients are given. */
  readonly endpoint: string;
  /** The URL that clients of every other service are given. */
  readonly noAwsEndpoint: string;
  readonly serverPid: number;
  /** Names this connection among `connectedClients`. */
  readonly clientId: string;
  /** Aborts when the server goes away before `close`. */
  readonly lost: AbortSignal;
  connectedClients(): Promise<readonly string[]>;
  close(): void;
}

/**
 * Connects to the database server of a folder, and starts one if there is none.
 * @throws PartyError `local-folder`, `local-folder-format`, `local-folder-damaged`, `local-database` or `local-database-damaged`
 */
export async function openDatabase(path: string, options: DatabaseOptions = {}): Promise<Database> {
  const { idleSeconds = 30, startSeconds = 20 } = options;
  const folder = new DatabaseFolder(path);
  await folder.prepare();
  const giveUpAt = performance.now() + startSeconds * 1000;
  let start: ServerStart | undefined;
  while (performance.now() < giveUpAt) {
    const address = await folder.readAddress();
    const database = address && (await connectTo(address));
    if (database !== undefined) return database;
    start ??= new ServerStart(folder, idleSeconds);
    if (start.exitCode === EXIT_HELD || start.exitCode === 0) {
      await sleep(HELD_MS);
      start = undefined;
    } else if (start.exitCode !== undefined) {
      throw await start.failure();
    } else {
      await sleep(POLL_MS);
    }
  }
  throw new PartyError(
    'local-database',
    `no database server answers for ${path} within ${startSeconds} s, though one may hold its lock`,
    `try again in half a minute, or end the process database-server that was started for ${path}`,
  );
}

/** A server process on its way up; it outlives this one. */
class ServerStart {
  exitCode: number | undefined;
  readonly #folder: DatabaseFolder;

  constructor(folder: DatabaseFolder, idleSeconds: number) {
    this.#folder = folder;
    const program = fileURLToPath(new URL(`./database-server${extname(import.meta.url)}`, import.meta.url));
    const log = openSync(folder.serverLog, 'a');
    const server = spawn(process.execPath, [program, folder.path, String(idleSeconds)], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { AWS_REGION: 'us-east-1' },
    });
    closeSync(log);
    server.once('exit', (code, signal) => {
      this.exitCode = code ?? (signal === null ? 1 : 128);
    });
    server.unref();
  }

  async failure(): Promise<PartyError> {
    const said = await this.#folder.lastWords();
    if (this.exitCode === EXIT_DAMAGED) {
      return new PartyError(
        'local-database-damaged',
        `the database of ${this.#folder.path} cannot be opened: ${said}`,
        BEGIN_ANEW,
      );
    }
    return new PartyError(
      'local-database',
      `the database server of ${this.#folder.path} ended with code ${this.exitCode}: ${said}`,
      `see ${this.#folder.serverLog}, or ${BEGIN_ANEW}`,
    );
  }
}

/** Undefined unless the server of this very address answers. */
export function connectTo({ pid, port, nonce }: ServerAddress): Promise<Database | undefined> {
  const clientId = newClientId();
  const endpoint = `http://127.0.0.1:${port}/${nonce}`;
  return new Promise((resolve) => {
    const handshake = AbortSignal.timeout(HANDSHAKE_MS);
    const request = get(`${endpoint}/client/${clientId}`, { agent: false });
    const decline = (): void => {
      request.destroy();
      resolve(undefined);
    };
    handshake.addEventListener('abort', decline);
    request.on('error', decline);
    request.on('response', (response) => {
      response.on('end', decline).on('error', decline);
      response.once('data', (greeting: Buffer) => {
        if (!greets(greeting, nonce)) return decline();
        handshake.removeEventListener('abort', decline);
        resolve(connection(request, response, { endpoint, clientId, serverPid: pid }));
      });
    });
  });
}

/** No two are ever the same; node:crypto would take longer to load than the handshake takes. */
function newClientId(): string {
  return `${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`;
}

function greets(greeting: Buffer, nonce: string): boolean {
  return greeting.toString() === JSON.stringify({ nonce });
}

function connection(
  request: ClientRequest,
  response: IncomingMessage,
  about: { endpoint: string; clientId: string; serverPid: number },
): Database {
  const lost = new AbortController();
  let closing = false;
  response.once('close', () => {
    if (!closing) lost.abort(serverLost());
  });
  return {
    ...about,
    noAwsEndpoint: `${about.endpoint}/aws`,
    lost: lost.signal,
    async connectedClients() {
      return (await (await fetch(`${about.endpoint}/clients`)).json()) as string[];
    },
    close() {
      closing = true;
      request.destroy();
    },
  };
}

export function serverLost(cause?: Error): PartyError {
  return new PartyError(
    'local-database',
    'the local database server ended while it was in use',
    'run the command again: it starts a new one, and what was recorded is kept',
    { cause },
  );
}
