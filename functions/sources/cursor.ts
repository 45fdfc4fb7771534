import { inspect } from 'node:util';
import * as v from 'valibot';
import type { Json } from '../task/source.ts';

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
  const issue = parsed.issues[0];
  const problem = `${v.getDotPath(issue) ?? 'the cursor'}: ${issue.message}`;
  throw new RangeError(`the cursor ${shown(cursor)} is none of ${source}: ${problem}`);
}

/** A value for a message, at most 200 characters of it. */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 120 });
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
