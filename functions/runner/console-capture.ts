import { AsyncLocalStorage } from 'node:async_hooks';
import { format } from 'node:util';
import type { TaskLogger } from '../task/context.ts';

const current = new AsyncLocalStorage<TaskLogger>();
let isCaptured = false;

const LEVELS = {
  debug: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
  trace: 'error',
} as const;

/** Has `console` write to the log of the task that calls it, if one does. */
export function captureConsole(): void {
  if (isCaptured) return;
  isCaptured = true;
  for (const [method, level] of Object.entries(LEVELS) as [
    keyof typeof LEVELS,
    'debug' | 'info' | 'warn' | 'error',
  ][]) {
    const original = console[method].bind(console);
    console[method] = (...args: unknown[]) => {
      const logger = current.getStore();
      if (logger === undefined) original(...args);
      else logger[level](format(...args));
    };
  }
}

/** Runs a task so that what it and everything it calls says on `console` is in its log. */
export function withLogger<T>(logger: TaskLogger, body: () => T): T {
  return current.run(logger, body);
}
