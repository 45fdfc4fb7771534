import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { isPartyError, messageOf, PartyError } from '../errors.ts';
import { ensureFormat } from './folder-format.ts';

/** What the database server ends with where another server holds the folder's lock. */
export const EXIT_HELD = 75;
/** What the database server ends with where the stored files cannot be opened. */
export const EXIT_DAMAGED = 65;

const addressSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  /** In every path that the server answers, so that a port taken over by another program is found out. */
  nonce: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
});
/** Where a folder's database server listens, on 127.0.0.1. */
export type ServerAddress = v.InferOutput<typeof addressSchema>;

/** The files of one local party: `.after-party/`, or a folder in it. */
export class DatabaseFolder {
  readonly path: string;
  readonly data: string;
  readonly lock: string;
  readonly serverLog: string;
  readonly #address: string;

  constructor(path: string) {
    this.path = path;
    this.data = join(path, 'db');
    this.lock = join(path, 'lock');
    this.serverLog = join(path, 'server.log');
    this.#address = join(path, 'server.json');
  }

  /**
   * @throws PartyError `local-folder` where the folder cannot be made or written to, `local-folder-format` where another
   * version made it, `local-folder-damaged`
   */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true });
      await ensureFormat(this.path);
      await writeFile(this.serverLog, '', { flag: 'a' });
    } catch (error) {
      if (isPartyError(error)) throw error;
      throw new PartyError(
        'local-folder',
        `${this.path} cannot be written to: ${messageOf(error)}`,
        'what runs on this machine is recorded there: make it a folder that you may write to, or remove it',
        { cause: error },
      );
    }
  }

  /** Undefined where no server has written one, or somebody else has written something else. */
  async readAddress(): Promise<ServerAddress | undefined> {
    try {
      const parsed = v.safeParse(addressSchema, JSON.parse(await readFile(this.#address, 'utf8')));
      return parsed.success ? parsed.output : undefined;
    } catch (error) {
      const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (absent || error instanceof SyntaxError) return undefined;
      throw new PartyError(
        'local-folder',
        `${this.#address} cannot be read: ${messageOf(error)}`,
        'make it a file that you may read, or remove it',
        { cause: error },
      );
    }
  }

  /** By a rename: a reader finds the whole file or none. */
  async writeAddress(address: ServerAddress): Promise<void> {
    const draft = `${this.#address}.${address.pid}`;
    await writeFile(draft, JSON.stringify(address), { mode: 0o600 });
    await rename(draft, this.#address);
  }

  async removeAddress(): Promise<void> {
    await rm(this.#address, { force: true });
  }

  /** The last thing that a database server said before it ended. */
  async lastWords(): Promise<string> {
    const lines = (await readFile(this.serverLog, 'utf8')).trimEnd().split('\n');
    return lines.slice(-5).join('\n');
  }
}
