import type { DecideMessage, Decision, RunnerCheck } from '../workflow-messages.ts';
import { crashReason } from './crash.ts';
import type { ControllerPorts } from './ports.ts';
import type { CheckedRunner } from './requests.ts';

/** Long enough for a sandbox in a network to start. */
const TIMEOUT_SECONDS = 60;

/**
 * Has the runner say whether it loads and reaches the ledger: an execution that executes no task, and of which
 * nothing is recorded.
 */
export function decideCheck(
  { config }: Pick<ControllerPorts, 'config'>,
  { runId, report, error }: DecideMessage['state'],
): Decision {
  const end = (check: RunnerCheck): Decision => ({ v: 1, runId, action: 'end', ...check });
  if (report !== undefined) return end(report.unreached === undefined ? {} : { unreached: report.unreached });
  if (error?.Error === 'States.Timeout')
    return end({ broken: `the runner did not answer within ${TIMEOUT_SECONDS} s` });
  if (error !== undefined)
    return end({ broken: crashReason(error, config.runnerTimeoutSeconds, 'when it was called') });
  const work = { v: 1 as const, runId, versions: [], timeoutSeconds: TIMEOUT_SECONDS };
  return { v: 1, runId, action: 'run', check: true, work };
}

/** Begins such an execution, or says what came of it; asked again and again until it has ended. */
export async function checkRunner({ workflow }: ControllerPorts, runId: string): Promise<CheckedRunner> {
  const check = await workflow.check(runId);
  if (check === undefined) return { state: 'checking', reason: null };
  if (check.broken !== undefined) return { state: 'broken', reason: check.broken };
  return check.unreached === undefined
    ? { state: 'works', reason: null }
    : { state: 'unreached', reason: check.unreached };
}
