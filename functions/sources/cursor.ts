import { inspect } from 'node:util';
import * as v from 'valibot';
import { messageOf, PartyError } from '../errors.ts';
import type { Json } from '../task/source.ts';

/** What the ledger keeps of a cursor at most, as JSON. */
const LARGEST_CURSOR_BYTES = 32 * 1024;

/**
 * A cursor in the form that a source gave it.
 * @throws RangeError for anything else, saying what it is
 */
export function parseCursor<Cursor>(
  schema: v.GenericSchema<Cursor>,
  cursor: Json | undefined,
  source: string,
): Cursor | undefined {
  if (cursor === undefined) return undefined;
  const parsed = v.safeParse(schema, cursor);
  if (parsed.success) return parsed.output;
  throw new RangeError(
    `the cursor ${shown(cursor)} is none of ${source}: ${v.getDotPath(parsed.issues[0]) ?? 'the cursor'}: ${parsed.issues[0].message}`,
  );
}

/**
 * What an author's code gave as a cursor.
 * @throws PartyError `bad-cursor` unless it is JSON of at most 32 KB
 */
export function checkCursor(value: unknown, what: string): Json {
  const json = stringify(value, what);
  if (json === undefined || !isJson(value)) {
    throw new PartyError(
      'bad-cursor',
      `${what} is ${shown(value)}, which JSON cannot hold`,
      'give text, finite numbers, booleans, null, and plain lists and objects of them',
    );
  }
  const bytes = Buffer.byteLength(json);
  if (bytes > LARGEST_CURSOR_BYTES) {
    throw new PartyError(
      'bad-cursor',
      `${what} takes ${bytes} bytes as JSON, more than ${LARGEST_CURSOR_BYTES}: ${shown(value)}`,
      'keep only where reading goes on, such as a key or an offset',
    );
  }
  return value;
}

/** A value for a message, at most 200 characters of it. */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 120 });
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

function stringify(value: unknown, what: string): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new PartyError(
      'bad-cursor',
      `${what} is ${shown(value)}, which JSON cannot hold: ${messageOf(error).split('\n', 1)[0]}`,
      'turn it into text, or leave out what refers to itself',
    );
  }
}

/** Whether it comes back from JSON as it was: a Date, a Map or NaN would not. */
function isJson(value: unknown): value is Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson);
}
