import * as v from 'valibot';
import { errorLines } from './error-lines.ts';
import { oneLine } from './safe-text.ts';
import { span } from './times.ts';

const errorSchema = v.object({
  name: v.string(),
  message: v.string(),
  stack: v.optional(v.string()),
  item: v.optional(v.string()),
});
const fieldsSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ durationMs: v.number(), reason: v.optional(v.string()), error: v.optional(errorSchema) }),
);

/** How an attempt ended, as people read it. */
export interface AttemptEnd {
  readonly text: string;
  /** What it threw, and where. */
  readonly error: readonly string[];
}

/** What the runner says, with all its fields, in the line on an attempt's end; undefined of any other line. */
export function attemptEndOf(message: string): AttemptEnd | undefined {
  const [, state, json] = /^task ([a-z-]+) (\{.*\})$/s.exec(message) ?? [];
  const { output, success } = v.safeParse(fieldsSchema, json);
  if (!success) return undefined;
  const { durationMs, reason, error } = output;
  const why = reason ?? error?.message;
  return {
    text: `${state} after ${span(durationMs)}${why === undefined ? '' : `: ${oneLine(why)}`}`,
    error: error === undefined ? [] : errorLines(error),
  };
}
