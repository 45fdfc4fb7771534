import { existsSync, statSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';

/** By so much a file's time of change may lag behind the clock. */
const CLOCK_MARGIN_MS = 100;
const ABSENT = 'absent';
/** Files that say how imports are resolved, in the folder of the tasks and those above it. */
const RESOLVERS = ['package.json', 'tsconfig.json', join('node_modules', '.package-lock.json')];

const inputsSchema = v.object({
  v: v.literal(1),
  /** The versions of Node and of this package. */
  madeBy: v.string(),
  tasksFolder: v.string(),
  /** The names of the tasks, as JSON text. */
  tasks: v.string(),
  /** The name of the bundle's folder. */
  bundle: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** What tells each file or folder that counts from a changed one; of hundreds, each is checked when it is compared. */
  stamps: v.custom<Readonly<Record<string, unknown>>>(
    (stamps) => typeof stamps === 'object' && stamps !== null,
  ),
});

/** Of what, and by what, a bundle is made. */
export interface BundleOrigin {
  readonly madeBy: string;
  readonly tasksFolder: string;
  readonly tasks: string;
}

/** Remembers what the last bundle was made of, so that it is not made again as long as nothing has changed. */
export class BundleInputs {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'inputs.json');
  }

  /** The bundle that would come out; undefined where it has to be made to know. */
  async unchangedBundle(origin: BundleOrigin): Promise<string | undefined> {
    if (!existsSync(this.#file)) return undefined;
    const text = await readFile(this.#file, 'utf8');
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), inputsSchema), text);
    // What cannot be read is only a note: the bundle is made again.
    if (!parsed.success) return undefined;
    const { bundle, stamps, madeBy, tasksFolder, tasks } = parsed.output;
    if (!isDeepStrictEqual({ madeBy, tasksFolder, tasks }, origin)) return undefined;
    const isUnchanged = Object.entries(stamps).every(([path, stamp]) => stampOf(path).text === stamp);
    return isUnchanged ? bundle : undefined;
  }

  /**
   * @param files what went into the bundle
   * @param startedAt when its making began: what has changed since may not be what went into it
   */
  async remember(
    origin: BundleOrigin,
    bundle: string,
    files: readonly string[],
    startedAt: number,
  ): Promise<void> {
    const paths = [...new Set([...files, ...foldersOf(files), ...resolversOf(origin.tasksFolder)])];
    const stamps = paths.map((path) => [path, stampOf(path)] as const);
    if (stamps.some(([, { changedAt }]) => changedAt >= startedAt - CLOCK_MARGIN_MS)) return;
    const texts = stamps.map(([path, { text }]) => [path, text] as const);
    const inputs = { v: 1, ...origin, bundle, stamps: Object.fromEntries(texts) };
    const fresh = `${this.#file}.${process.pid}`;
    await writeFile(fresh, JSON.stringify(inputs));
    await rename(fresh, this.#file);
  }
}

/** A file that comes into one of these may be imported in place of another. */
function foldersOf(files: readonly string[]): string[] {
  return files.filter((file) => !file.includes(`${sep}node_modules${sep}`)).map(dirname);
}

function resolversOf(folder: string): string[] {
  const here = RESOLVERS.map((name) => join(folder, name));
  const above = dirname(folder);
  return above === folder ? here : [...here, ...resolversOf(above)];
}

/** Of hundreds of files, and one after the other: many at a time take ten times as long. */
function stampOf(path: string): { text: string; changedAt: number } {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return { text: ABSENT, changedAt: 0 };
  const { ino, size, ctimeNs, ctimeMs } = stats;
  return { text: `${ino}:${size}:${ctimeNs}`, changedAt: Number(ctimeMs) };
}
