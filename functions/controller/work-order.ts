import type { RunRecord } from '../ledger/records.ts';
import type { Decision, Work } from '../workflow-messages.ts';
import type { ControllerPorts } from './ports.ts';

/** Longest wait between two looks at what an invocation executes, or at a request to cancel. */
const LOOK_SECONDS = 10;
/** How long after the deadline the runner has to write its record: 5 s of grace, and the writes. */
const GRACE_SECONDS = 15;
/** How long the service may refuse the first call for a background task, which has no deadline. */
const CALLS_WITHIN_MS = 3_600_000;

/** Milliseconds; a run that a person started has no deadline. */
export function untilDeadline({ deadline }: RunRecord, now: number): number {
  return deadline === undefined ? Number.POSITIVE_INFINITY : Date.parse(deadline) - now;
}

export function wait(run: RunRecord, milliseconds: number): Decision {
  const seconds = Math.min(LOOK_SECONDS, Math.max(1, Math.ceil(milliseconds / 1000)));
  return { v: 1, runId: run.runId, action: 'wait', seconds };
}

/** Whether a call that the service refused is made again: by a deploy until its deadline, by others for an hour. */
export function mayBeCalledAgain(run: RunRecord, now: number): boolean {
  if (run.trigger !== 'deploy') return false;
  return run.parent === undefined || Date.parse(run.startedAt) + CALLS_WITHIN_MS > now;
}

/** What the runner is told. */
export function runWork(
  ports: ControllerPorts,
  run: RunRecord,
  what: Pick<Work, 'versions' | 'child' | 'share' | 'attempt'>,
): Decision {
  const whole = ports.config.runnerTimeoutSeconds + 60;
  const left = Math.ceil(untilDeadline(run, ports.now()) / 1000) + GRACE_SECONDS;
  const work: Work = {
    v: 1,
    runId: run.runId,
    ...what,
    timeoutSeconds: Math.max(1, Math.min(whole, left)),
    ...(run.deadline === undefined ? {} : { deadline: run.deadline }),
  };
  return { v: 1, runId: run.runId, action: 'run', work };
}
