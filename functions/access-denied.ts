import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 3_000;

/**
 * Calls AWS, and again for about a minute while it answers "access denied": a role's policy that was
 * created moments ago has not reached every service yet.
 */
export async function retryAccessDenied<T>(
  call: () => Promise<T>,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  for (let waited = 0; ; waited += PAUSE_MS) {
    try {
      return await call();
    } catch (error) {
      const denied = error instanceof Error && /^AccessDenied(Exception)?$/.test(error.name);
      if (!denied || waited >= patienceMs) throw error;
    }
    await sleep(PAUSE_MS);
  }
}
