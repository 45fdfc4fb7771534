/** Something that would end the process under a running task. */
export interface ProcessEnd {
  readonly cause: 'process.exit' | 'uncaught exception' | 'unhandled rejection';
  readonly error: unknown;
}

const EVENTS = [
  ['uncaughtException', 'uncaught exception'],
  ['unhandledRejection', 'unhandled rejection'],
] as const;

const watchers = new Set<(end: ProcessEnd) => void>();
let restoreProcess: () => void = () => undefined;

/**
 * While a task runs, whatever would end the process is reported instead, so that it can be recorded first.
 * @returns what undoes it
 */
export function guardProcess(onEnd: (end: ProcessEnd) => void): () => void {
  if (watchers.size === 0) restoreProcess = takeOver();
  watchers.add(onEnd);
  return () => {
    watchers.delete(onEnd);
    if (watchers.size === 0) restoreProcess();
  };
}

/**
 * `process.exit` throws, since its caller must not go on. The listeners of others wait meanwhile: Lambda's own
 * would report to the service at once, which freezes the process before the record is written.
 */
function takeOver(): () => void {
  const { exit } = process;
  let exitError: unknown;
  process.exit = (code) => {
    const error = new Error(`process.exit(${code ?? ''}) was called inside the task`);
    error.name = 'ProcessExit';
    exitError = error;
    report({ cause: 'process.exit', error });
    throw error;
  };
  const restoreListeners = EVENTS.map(([event, cause]) => {
    const others = process.rawListeners(event) as ((error: unknown) => void)[];
    process.removeAllListeners(event);
    const listener = (error: unknown) => {
      if (error !== exitError) report({ cause, error });
    };
    process.on(event, listener);
    return () => {
      process.off(event, listener);
      for (const other of others) process.on(event, other);
    };
  });
  return () => {
    process.exit = exit;
    for (const restore of restoreListeners) restore();
  };
}

function report(end: ProcessEnd): void {
  for (const onEnd of watchers) onEnd(end);
}
