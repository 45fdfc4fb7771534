import { PartyError } from '../errors.ts';
import type { TaskRecord } from '../ledger/records.ts';
import { leaseEnd } from './next-step.ts';

/** Whether an invocation may be executing a task or a child: it is running, and its lease is not over. */
export function isExecuted(record: Pick<TaskRecord, 'state' | 'leaseUntil'>, now: number): boolean {
  return record.state === 'running' && leaseEnd(record) >= now;
}

/** Why nothing is changed of what an invocation executes. */
export function beingExecuted(what: string, runId: string | undefined): PartyError {
  return new PartyError(
    'held',
    `${what} is being executed by run ${runId}; nothing was changed`,
    `wait until it has ended, or: npx after-party cancel ${runId}`,
  );
}
