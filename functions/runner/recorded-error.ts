import { inspect } from 'node:util';
import { isPartyError, messageOf } from '../errors.ts';
import type { RecordedError } from '../ledger/index.ts';
import type { Redactor } from './redaction.ts';

const LARGEST_STACK = 4096;
const LARGEST_MESSAGE = 1024;
const LARGEST_NAME = 100;
/** Of causes that each have another, so many are told: they may go round in a circle. */
const CAUSES = 5;

/** What the ledger keeps of anything thrown: with its causes, without secrets, and where in the task's file. */
export function recordError(thrown: unknown, file: string, redactor: Redactor): RecordedError {
  const error =
    thrown instanceof Error ? thrown : new Error(typeof thrown === 'string' ? thrown : inspect(thrown));
  const stack = thrown instanceof Error ? inTasks(stackOf(error), file) : '';
  const line = new RegExp(`tasks/${literal(file)}:\\d+`).exec(stack)?.[0];
  return {
    name: cut(redactor.redact(String(error.name)), LARGEST_NAME),
    message: recordText(explain(error), redactor),
    ...(stack === '' ? {} : { stack: cut(redactor.redact(stack), LARGEST_STACK) }),
    ...(line === undefined ? {} : { at: line }),
  };
}

/** What the ledger keeps of a text that says why: without secrets, and not as much of it as there may be. */
export function recordText(text: string, redactor: Redactor): string {
  return cut(redactor.redact(text), LARGEST_MESSAGE);
}

/** `fetch failed` alone helps nobody: its cause says which host refused. One that has been quoted is not said again. */
function explain(error: Error, causes: number = CAUSES): string {
  const resolution = isPartyError(error) && error.resolution !== undefined ? `: ${error.resolution}` : '';
  const words = wordsOf(error);
  if (causes === 0 || !(error.cause instanceof Error)) return `${words}${resolution}`;
  const cause = explain(error.cause, causes - 1);
  return words.includes(cause) ? `${words}${resolution}` : `${words}${resolution} (cause: ${cause})`;
}

/** An error that stands for several, as of a host with several addresses, may say nothing itself. */
function wordsOf(error: Error): string {
  const isSilent = error.message === '' && error instanceof AggregateError;
  return isSilent ? error.errors.map(messageOf).join(', ') : error.message;
}

function stackOf(error: Error, causes: number = CAUSES): string {
  const isTold = causes > 0 && error.cause instanceof Error;
  const cause = isTold ? `\ncaused by ${stackOf(error.cause as Error, causes - 1)}` : '';
  return `${error.stack ?? ''}${cause}`;
}

/** The stack with the task's file as its author knows it; word by word, since one may be very long. */
function inTasks(stack: string, file: string): string {
  const place = new RegExp(`${literal(file)}:\\d`);
  return stack.replace(/[^\s()]+/g, (word) => {
    const at = word.search(place);
    return at === -1 ? word : `tasks/${word.slice(at)}`;
  });
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
