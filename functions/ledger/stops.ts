import type { CancelRequest, StopRequest } from './records.ts';

/** What becomes of a task that has to stop before its end, and why. */
export interface Stopped {
  readonly state: 'paused' | 'cancelled' | 'interrupted';
  readonly reason: string;
  /** Who asked for it. */
  readonly by?: string;
}

/** A person asks it of the task. */
export function stoppedByRequest({ kind, by, reason }: StopRequest): Stopped {
  const state = kind === 'pause' ? 'paused' : 'cancelled';
  return { state, reason: reason ?? state, by };
}

/** Its run is cancelled. */
export function stoppedWithRun({ cause, by, reason }: CancelRequest): Stopped {
  switch (cause) {
    case 'person':
      return { state: 'cancelled', reason: reason ?? 'cancelled', by };
    case 'rollback':
      return { state: 'interrupted', reason: 'aborted: the stack is rolling back' };
    case 'delete':
      return { state: 'interrupted', reason: 'aborted: the stack is being deleted' };
  }
}

/** The deploy has waited as long as it may. */
export const AT_DEADLINE: Stopped = { state: 'interrupted', reason: 'deploy timeout' };
