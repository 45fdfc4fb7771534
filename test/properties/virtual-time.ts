import { vi } from 'vitest';
import type { Simulation } from './simulation.ts';

/** Has every timer of the code under test run on the virtual time of the simulation at hand. */
export function useVirtualTime(simulation: () => Simulation): void {
  const handle = (id: number): object => ({
    id,
    ref() {
      return this;
    },
    unref() {
      return this;
    },
  });
  const clear = (timer: { id?: number } | undefined): void => {
    if (timer?.id !== undefined) simulation().clearTimer(timer.id);
  };
  vi.stubGlobal('setTimeout', (fire: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) =>
    handle(simulation().setTimer(() => fire(...args), milliseconds)),
  );
  vi.stubGlobal('setInterval', (fire: () => void, milliseconds: number) =>
    handle(simulation().setTimer(fire, milliseconds, milliseconds)),
  );
  vi.stubGlobal('clearTimeout', clear);
  vi.stubGlobal('clearInterval', clear);
}

/** `setTimeout` of node:timers/promises, on whatever the global one is. */
export function promisedTimeout<T>(
  milliseconds: number,
  value?: T,
  options: { signal?: AbortSignal } = {},
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(options.signal?.reason);
    if (options.signal?.aborted) return abort();
    options.signal?.addEventListener('abort', abort);
    setTimeout(() => resolve(value), milliseconds);
  });
}
