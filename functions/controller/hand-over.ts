import type { DecideMessage, Decision } from '../workflow-messages.ts';
import type { ControllerPorts } from './ports.ts';

/**
 * Steps of one execution: at about 14 events each, of the 25,000 that its history may have; the rest is for what
 * Step Functions tries again: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
const STEPS_LIMIT = 1_000;

/**
 * Counts the steps of an execution. Before its history is full another one takes the run over: a decision follows
 * from the ledger alone, so the successor comes to it again.
 */
export async function countStep(
  ports: ControllerPorts,
  { runId, steps = 0, generation, version, child, share }: DecideMessage['state'],
  decision: Decision,
): Promise<Decision> {
  if (decision.action === 'end' || decision.action === 'stop') return decision;
  if (steps + 1 < (ports.stepsLimit ?? STEPS_LIMIT)) {
    return {
      ...decision,
      steps: steps + 1,
      ...(generation === undefined ? {} : { generation }),
      ...(child !== undefined && version !== undefined && { version, child, ...(share && { share }) }),
    };
  }
  // The run's own execution finds it unfinished, and has another one go on with it.
  if (child !== undefined) return { v: 1, runId, action: 'end' };
  const next = (generation ?? 0) + 1;
  await ports.workflow.start(runId, next);
  await ports.ledger.runs.handOver(runId, next);
  ports.log.info('a further execution goes on with the run', { run: runId, generation: next });
  return { v: 1, runId, action: 'end' };
}
