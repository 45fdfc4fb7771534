import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; false where the signal cut it short. */
export async function wait(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  return sleep(milliseconds, true, { signal }).catch(() => false);
}
