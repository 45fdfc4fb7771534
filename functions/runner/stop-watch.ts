import { messageOf } from '../errors.ts';
import { type CancelRequest, isSettled, type RunStanding } from '../ledger/index.ts';
import type { TaskLogger } from '../task/context.ts';
import type { Invocation } from './invocation.ts';
import type { Stop, StopSignal } from './stop-signal.ts';

/**
 * Sees to it that a task is told to end before its invocation or the deploy does, and when its run is cancelled.
 * `onUnsettled` is called if it has been told and has not ended within its grace.
 * @returns what ends the watch
 */
export function watchForStops(
  { work, ports, startedAt, endsAt }: Invocation,
  stop: StopSignal,
  log: TaskLogger,
  onUnsettled: () => void,
): () => void {
  const total = endsAt - startedAt;
  // A short invocation keeps its proportions: an emulator's, or a test's.
  const recording = Math.min(2_000, total * 0.1);
  const grace = Math.min(ports.timing.grace, total * 0.2);
  stop.stopAfter(endsAt - recording - grace - ports.now(), {
    state: 'failed',
    reason: `timed out: the runner's own ${ports.timeoutSeconds} s are over`,
  });
  if (work.deadline !== undefined) {
    const left = Date.parse(work.deadline) - ports.now();
    stop.stopAfter(left, { state: 'failed', reason: 'deploy timeout' });
  }
  const look = async () => {
    const due = stopOf(await ports.ledger.runs.standing(work.runId));
    if (due !== undefined) stop.stopNow(due);
  };
  const poll = setInterval(() => {
    look().catch((error: unknown) => {
      log.warn('could not see whether the run is to be cancelled', { error: messageOf(error) });
    });
  }, ports.timing.cancelPoll);
  let unsettled: NodeJS.Timeout | undefined;
  stop.signal.addEventListener('abort', () => {
    unsettled = setTimeout(onUnsettled, Math.max(0, Math.min(grace, endsAt - recording - ports.now())));
  });
  return () => {
    stop.release();
    clearInterval(poll);
    clearTimeout(unsettled);
  };
}

function stopOf(run: RunStanding): Stop | undefined {
  if (run.request !== undefined) return stopFor(run.request);
  return isSettled(run) ? { state: 'failed', reason: `the run has ended: ${run.state}` } : undefined;
}

function stopFor({ cause, by, reason }: CancelRequest): Stop {
  switch (cause) {
    case 'person':
      return { state: 'cancelled', reason: reason ?? 'cancelled', by };
    case 'rollback':
      return { state: 'failed', reason: 'aborted: the stack is rolling back' };
    case 'delete':
      return { state: 'failed', reason: 'aborted: the stack is being deleted' };
  }
}
