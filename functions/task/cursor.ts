import { PartyError } from '../errors.ts';
import type { Json } from './source.ts';

const LARGEST_CURSOR = 32_768;

/**
 * Checks that the ledger can keep a cursor.
 * @param whose to name it by, as in `the cursor of item 8,113`
 * @throws PartyError `bad-cursor`
 */
export function checkCursor(cursor: unknown, whose: string): asserts cursor is Json {
  const wrong = firstWithoutJson(cursor);
  if (wrong !== undefined) {
    throw new PartyError(
      'bad-cursor',
      `${whose} is not JSON: it is or holds ${wrong}`,
      'use texts, finite numbers, true, false, null, and lists and plain objects of them',
    );
  }
  const bytes = Buffer.byteLength(JSON.stringify(cursor));
  if (bytes > LARGEST_CURSOR) {
    throw new PartyError(
      'bad-cursor',
      `${whose} has ${bytes} bytes as JSON, of which at most ${LARGEST_CURSOR} can be kept`,
      'keep a key or a position, not the work itself',
    );
  }
}

/** What JSON would lose or refuse, in words. */
function firstWithoutJson(value: unknown, depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : String(value);
    case 'object':
      if (value === null) return undefined;
      break;
    default:
      return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
  }
  if (depth > 100) return 'an object that holds itself, or is nested too deep';
  if (!Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return `a ${value.constructor?.name}`;
  }
  for (const part of Object.values(value)) {
    // Left out by JSON within an object, which reads back as the same.
    if (part === undefined && !Array.isArray(value)) continue;
    const wrong = firstWithoutJson(part, depth + 1);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
