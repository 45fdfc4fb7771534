import { messageOf } from '../errors.ts';
import type { Redactor } from './redaction.ts';

const LARGEST_RESULT = 4096;

/**
 * What the ledger keeps of what a task returned. The work is done, so a value that cannot be kept does not fail
 * the task: a text in its place says why.
 */
export function recordResult(value: unknown, redactor: Redactor): unknown {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    return redactor.redact(`not kept, as it is no JSON: ${messageOf(error)}`);
  }
  if (json === undefined) return undefined;
  const bytes = Buffer.byteLength(json);
  if (bytes > LARGEST_RESULT)
    return `not kept: ${bytes} bytes of JSON, of which at most ${LARGEST_RESULT} are`;
  return JSON.parse(redactor.redactJson(json));
}
