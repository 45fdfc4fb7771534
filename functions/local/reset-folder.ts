import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { isPartyError, messageOf, PartyError } from '../errors.ts';
import { connectTo } from './database.ts';
import { DatabaseFolder } from './database-folder.ts';
import { MARK } from './folder-format.ts';

/** All that is made in the folder but the lock; the mark stays until the rest is gone. */
const CONTENTS = ['server.json', 'db', 'logs', 'bundles', 'controller.log', 'server.log', MARK];
const POLL_MS = 25;
const END_MS = 10_000;

/**
 * Empties the folder of a local party: its ledger, its tables, its logs. What else lies there stays.
 * @returns whether there was one
 * @throws PartyError `held` while another process works with it, `local-folder` where it cannot be emptied
 */
export async function resetFolder(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  const folder = new DatabaseFolder(path);
  try {
    await endServer(folder);
    const lock = await takeLock(folder);
    for (const name of CONTENTS) await rm(join(path, name), { recursive: true, force: true });
    await lock?.close();
    await rm(folder.lock, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (isPartyError(error)) throw error;
    const message = `${path} cannot be emptied: ${messageOf(error)}`;
    throw new PartyError('local-folder', message, 'make it a folder that you may write to', { cause: error });
  }
}

/** A server that nobody else uses stays for a while, and would go on with files that are gone. */
async function endServer(folder: DatabaseFolder): Promise<void> {
  const address = await folder.readAddress();
  const database = address && (await connectTo(address));
  if (database === undefined) return;
  try {
    const others = (await database.connectedClients()).filter((client) => client !== database.clientId);
    if (others.length > 0) throw held(folder);
    process.kill(database.serverPid, 'SIGTERM');
    for (let waited = 0; isAlive(database.serverPid); waited += POLL_MS) {
      if (waited > END_MS) throw held(folder);
      await sleep(POLL_MS);
    }
  } finally {
    database.close();
  }
}

/** Undefined where the lock is damaged itself: then nobody can hold it. */
async function takeLock(folder: DatabaseFolder): Promise<ClassicLevel | undefined> {
  const level = new ClassicLevel(folder.lock);
  try {
    await level.open();
    return level;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') throw held(folder);
    return undefined;
  }
}

function held({ path }: DatabaseFolder): PartyError {
  return new PartyError(
    'held',
    `${path} cannot be emptied: another command of after-party works with it, or did so a moment ago`,
    'end that command, or try again in half a minute',
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
