import { inspect } from 'node:util';
import { isPartyError } from '../errors.ts';
import type { RecordedError } from '../ledger/index.ts';
import type { Redactor } from './redaction.ts';

const LARGEST_STACK = 4096;
const LARGEST_MESSAGE = 1024;

/** What the ledger keeps of anything thrown: with its causes, without secrets, and where in the task's file. */
export function recordError(thrown: unknown, file: string, redactor: Redactor): RecordedError {
  const error =
    thrown instanceof Error ? thrown : new Error(typeof thrown === 'string' ? thrown : inspect(thrown));
  const inFile = new RegExp(`(?:file://)?[^\\s()]*?${literal(file)}(?=:\\d)`, 'g');
  const stack = (thrown instanceof Error ? stackOf(error) : '').replace(inFile, `tasks/${file}`);
  const line = new RegExp(`tasks/${literal(file)}:\\d+`).exec(stack)?.[0];
  return {
    name: String(error.name),
    message: cut(redactor.redact(explain(error)), LARGEST_MESSAGE),
    ...(stack === '' ? {} : { stack: cut(redactor.redact(stack), LARGEST_STACK) }),
    ...(line === undefined ? {} : { at: line }),
  };
}

/** `fetch failed` alone helps nobody: its cause says which host refused. */
function explain(error: Error): string {
  const resolution = isPartyError(error) && error.resolution !== undefined ? `: ${error.resolution}` : '';
  const cause = error.cause instanceof Error ? ` (cause: ${explain(error.cause)})` : '';
  return `${error.message}${resolution}${cause}`;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? ''}${cause}`;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** At most so many bytes of UTF-8, never half a character. */
export function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  const kept = new TextDecoder().decode(encoded.subarray(0, bytes - 3), { stream: true });
  return `${kept}…`;
}
