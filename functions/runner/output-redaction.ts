import type { Redactor } from './redaction.ts';

const redactors = new Set<Redactor>();
let restoreOutput: () => void = () => undefined;

/**
 * Blanks secrets out of what a task writes past its log, such as by a logger of its own.
 * @returns what undoes it
 */
export function redactOutput(redactor: Redactor): () => void {
  if (redactors.size === 0) restoreOutput = takeOver();
  redactors.add(redactor);
  return () => {
    redactors.delete(redactor);
    if (redactors.size === 0) restoreOutput();
  };
}

function takeOver(): () => void {
  const restoreStreams = [process.stdout, process.stderr].map((stream) => {
    const original = stream.write;
    const write = (chunk: string | Uint8Array, ...rest: []) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      let shown = text;
      for (const redactor of redactors) shown = redactor.redact(shown);
      return original.call(stream, shown === text ? chunk : shown, ...rest);
    };
    stream.write = write as typeof stream.write;
    return () => {
      stream.write = original;
    };
  });
  return () => {
    for (const restore of restoreStreams) restore();
  };
}
