import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 200;
const ABSENT = 'absent';

/**
 * Notices that one of some files has changed. It looks at them now and then: that works on every file system, and with
 * editors that put a new file in place of the old one.
 */
export class FileWatch {
  readonly #stamps: Map<string, string> = new Map();

  /** Also looks at these from now on; what has changed of the others by now is not noticed any more. */
  async begin(files: Iterable<string>): Promise<void> {
    await this.#stamp([...this.#stamps.keys(), ...files]);
  }

  /** Looks at these, too. */
  async add(files: Iterable<string>): Promise<void> {
    await this.#stamp([...files].filter((file) => !this.#stamps.has(file)));
  }

  /** The first file that changes, once it has stopped changing; undefined where the signal aborts before. */
  async change(signal: AbortSignal): Promise<string | undefined> {
    let changed: string | undefined;
    while (!signal.aborted) {
      const differing = await this.#differing();
      if (differing === undefined && changed !== undefined) return changed;
      changed ??= differing;
      if (differing !== undefined) await this.#stamp(this.#stamps.keys());
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  async #differing(): Promise<string | undefined> {
    for (const [file, stamp] of this.#stamps) if ((await stampOf(file)) !== stamp) return file;
    return undefined;
  }

  async #stamp(files: Iterable<string>): Promise<void> {
    for (const file of [...files]) this.#stamps.set(file, await stampOf(file));
  }
}

async function stampOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ABSENT;
    throw error;
  }
}
