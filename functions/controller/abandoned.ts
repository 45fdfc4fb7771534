import { PartyError } from '../errors.ts';
import { isSplit } from '../ledger/fan-out.ts';
import type { TaskRecord } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import { holderBetweenSlices } from './background.ts';
import { abandoned, settleTask } from './fan-out.ts';
import { leaseEnd } from './next-step.ts';
import type { ControllerPorts } from './ports.ts';

/**
 * Records of a task whose children were being executed that their run is gone, so that a person may correct it.
 * @throws PartyError `held` where it is not, or one of them may still be executed
 */
export async function settleAbandoned(
  ports: ControllerPorts,
  record: TaskRecord | Error | undefined,
): Promise<void> {
  if (record === undefined || record instanceof Error || record.state !== 'fanned-out' || !isSplit(record))
    return;
  const holder = await holderBetweenSlices(ports, record);
  if (holder !== undefined)
    throw held(
      `the children of task ${idOf(record)} are being executed by run ${holder}`,
      `wait until they have ended, or: npx after-party cancel ${holder}`,
    );
  const children = await ports.ledger.children(record.version).standings(record.children);
  const until = Math.max(
    ...children.map((child) =>
      child.damaged === undefined && child.state === 'running' ? leaseEnd(child) : 0,
    ),
  );
  if (until >= ports.now())
    throw held(
      `children of task ${idOf(record)} may be being executed until ${new Date(until).toISOString()}`,
      'wait until then',
    );
  await settleTask(ports, { runId: record.run ?? 'unknown' }, record, children, abandoned(record));
}

function held(what: string, resolution: string): PartyError {
  return new PartyError('held', `${what}; nothing was changed`, resolution);
}
