import { AsyncLocalStorage } from 'node:async_hooks';
import { format } from 'node:util';
import type { TaskLogger } from '../task/context.ts';

const current = new AsyncLocalStorage<TaskLogger>();
let captures = 0;
let restoreConsole: () => void = () => undefined;

const LEVELS = {
  debug: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
  trace: 'error',
} as const;

/**
 * Has `console` write to the log of the task that calls it, if one does.
 * @returns what undoes it
 */
export function captureConsole(): () => void {
  if (captures === 0) restoreConsole = takeOver();
  captures += 1;
  return () => {
    captures -= 1;
    if (captures === 0) restoreConsole();
  };
}

type Method = keyof typeof LEVELS;

function takeOver(): () => void {
  const restoreMethods = (Object.keys(LEVELS) as Method[]).map((method) => {
    const original = console[method];
    console[method] = (...args: unknown[]) => {
      const logger = current.getStore();
      if (logger === undefined) original.apply(console, args);
      else logger[LEVELS[method]](format(...args));
    };
    return () => {
      console[method] = original;
    };
  });
  return () => {
    for (const restore of restoreMethods) restore();
  };
}

/** Runs a task so that what it and everything it calls says on `console` is in its log. */
export function withLogger<T>(logger: TaskLogger, body: () => T): T {
  return current.run(logger, body);
}
