import { PartyError } from '../errors.ts';
import { CHILDREN_LIMIT } from '../ledger/index.ts';
import type { TaskContext } from '../task/context.ts';
import { thrownBy } from './iteration/items-reader.ts';
import { nextTurn } from './timers.ts';

const LARGEST_KEY = 4_096;
/** How many complaints one error names. */
const NAMED = 3;
const SHOWN_LENGTH = 40;
/** Timers and sockets get their turn after so many keys. */
const TURN = 1_000;

/**
 * The keys that a task's `forEach` gives, as a list, a set or a generator.
 * @throws Error naming the option, TypeError where it gives none of these, PartyError `bad-keys` naming what are no
 * keys, and the signal's reason once it aborts
 */
export async function readKeys(
  forEach: (ctx: TaskContext) => unknown,
  ctx: TaskContext,
): Promise<readonly string[]> {
  const orExplain = (error: unknown): never => {
    ctx.signal.throwIfAborted();
    throw thrownBy('forEach', error);
  };
  const given = await (async () => forEach(ctx))().catch(orExplain);
  if (!isIterable(given)) {
    const what = given === null ? 'null' : typeof given === 'string' ? 'a text' : typeof given;
    throw new TypeError(`the task's "forEach" gave ${what}: expected a list of keys`);
  }
  const keys = await readAll(given, ctx.signal).catch(orExplain);
  checkKeys(keys);
  return keys;
}

async function readAll(
  given: AsyncIterable<unknown> | Iterable<unknown>,
  signal: AbortSignal,
): Promise<unknown[]> {
  const keys: unknown[] = [];
  for await (const key of given) {
    signal.throwIfAborted();
    keys.push(key);
    if (keys.length > CHILDREN_LIMIT) break;
    if (keys.length % TURN === 0) await nextTurn();
  }
  return keys;
}

function checkKeys(keys: readonly unknown[]): asserts keys is readonly string[] {
  const positions = new Map<unknown, number>();
  const complaints: string[] = [];
  for (const [index, key] of keys.entries()) {
    const complaint = complaintOf(key, positions.get(key));
    if (complaint === undefined) positions.set(key, index + 1);
    else complaints.push(`key ${(index + 1).toLocaleString('en')} ${complaint}`);
  }
  if (keys.length > CHILDREN_LIMIT) {
    complaints.unshift(`there are more than ${CHILDREN_LIMIT.toLocaleString('en')}`);
  }
  if (complaints.length === 0) return;
  const named = complaints.slice(0, NAMED).join('; ');
  const more = complaints.length > NAMED ? `; and ${complaints.length - NAMED} more` : '';
  throw new PartyError(
    'bad-keys',
    `the task's "forEach" gave what cannot be its keys: ${named}${more}`,
    'give each key once, as a text of at most 4 KB; nothing was begun',
  );
}

/** What keeps it from being a key. */
function complaintOf(key: unknown, earlier: number | undefined): string | undefined {
  if (typeof key !== 'string') return `is no text but ${key === null ? 'null' : `of type ${typeof key}`}`;
  if (earlier !== undefined) return `is ${shown(key)}, as key ${earlier.toLocaleString('en')} is`;
  if (!key.isWellFormed()) return `is ${shown(key)}, which holds half a character`;
  const bytes = Buffer.byteLength(key);
  return bytes > LARGEST_KEY ? `is ${shown(key)}, of ${bytes.toLocaleString('en')} bytes` : undefined;
}

function shown(key: string): string {
  return JSON.stringify(key.length <= SHOWN_LENGTH ? key : `${key.slice(0, SHOWN_LENGTH)}…`);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}
