import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for the process that writes its id to the file. */
export async function pidIn(file: string): Promise<number> {
  for (;;) {
    const pid = existsSync(file) ? Number(await readFile(file, 'utf8')) : 0;
    if (Number.isSafeInteger(pid) && pid > 0) return pid;
    await sleep(10);
  }
}

export async function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (signalled(pid, signal)) await gone(pid);
}

export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10);
}

export function isAlive(pid: number): boolean {
  return signalled(pid, 0);
}

/** False where there is no such process any more. */
function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}
