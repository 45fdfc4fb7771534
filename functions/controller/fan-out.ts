import { isPartyError } from '../errors.ts';
import type { Child } from '../ledger/child-records.ts';
import type { SplitTask } from '../ledger/fan-out.ts';
import { isSettled, type RunRecord, type SelectedTask } from '../ledger/records.ts';
import type { TaskOutcome } from '../ledger/task-records.ts';
import { versionKey } from '../task/version.ts';
import type { FanOut } from '../workflow-messages.ts';
import { holderBetweenSlices } from './background.ts';
import { outcomeOfChildren, stopOf, type ToldChild, tellingChild } from './children-outcome.ts';
import { childTask, standingOfChild } from './next-child-step.ts';
import { leaseEnd } from './next-step.ts';
import { idOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';
import { settle } from './settle-task.ts';
import { untilDeadline } from './work-order.ts';

/** How many children one Distributed Map takes. */
const MAP_LIMIT = 10_000;

/** What is next for a task that is split into children. */
export type FanOutStep =
  /** The ledger has changed: look again. */
  | { readonly kind: 'look-again' }
  /** Another run sees to the children. */
  | { readonly kind: 'held' }
  /** Until the time, in milliseconds since the epoch, some are being executed that this run cannot stop. */
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'map'; readonly decision: FanOut };

/**
 * Has the children of a task executed as long as some are left, and then records what became of the task.
 * @throws PartyError `damaged-record` for a child that cannot be settled
 */
export async function fanOut(
  ports: ControllerPorts,
  run: RunRecord,
  task: SelectedTask,
  record: SplitTask,
): Promise<FanOutStep> {
  const now = ports.now();
  const { tasks } = ports.ledger;
  if (record.state !== 'fanned-out') {
    await tasks.reopen(record, run, new Date(now).toISOString());
    ports.log.info('goes on with the children of a task', { run: run.runId, task: idOf(task) });
    return { kind: 'look-again' };
  }
  const isOwn = record.run === run.runId;
  if (!isOwn && (await holderBetweenSlices(ports, record, run.runId)) !== undefined) return { kind: 'held' };
  const children = await ports.ledger.children(task.version).standings(record.children);
  if (await settleBrokenOff(ports, run, task, children)) return { kind: 'look-again' };

  const stands = children.map((child) => ({
    child,
    stands: standingOfChild(childTask(task), child, run, now),
  }));
  const ready = stands.filter((child) => child.stands === 'ready').map(({ child }) => child.number);
  const until = Math.max(
    0,
    ...stands.map((child) => (child.stands === 'running' ? leaseOf(child.child) : 0)),
  );
  const isOver = untilDeadline(run, now) <= 0;
  const isStopping = !isOwn || isOver || isSettled(run) || stopOf(record, run) !== undefined;
  if (ready.length > 0 && !isStopping) return { kind: 'map', decision: mapOver(run, record, ready) };
  if (until > 0) return { kind: 'wait', until };
  const stopped = !isOwn
    ? abandoned(record)
    : (stopOf(record, run) ?? (isOver ? { state: 'interrupted', reason: 'deploy timeout' } : undefined));
  await settleTask(ports, record, children, stopped);
  return { kind: 'look-again' };
}

function mapOver(run: RunRecord, { version, children }: SplitTask, ready: readonly number[]): FanOut {
  const parallel = Math.min(children.parallel, ready.length);
  return {
    v: 1,
    runId: run.runId,
    action: 'fan-out',
    version: versionKey(version),
    children: ready.slice(0, MAP_LIMIT),
    parallel,
    share: 1 / parallel,
  };
}

function leaseOf(child: Child): number {
  return child.damaged === undefined ? leaseEnd(child) : 0;
}

function abandoned({ run }: SplitTask): TaskOutcome {
  return { state: 'interrupted', reason: `run ${run} ended without a word` };
}

/** @returns whether any child was settled whose invocation had ended without a word */
async function settleBrokenOff(
  ports: ControllerPorts,
  run: RunRecord,
  task: SelectedTask,
  children: readonly Child[],
): Promise<boolean> {
  const now = ports.now();
  const broken = children.filter(
    (child) => standingOfChild(childTask(task), child, run, now) === 'broken-off',
  );
  for (const { number } of broken) {
    const records = ports.ledger.children(task.version).at(number);
    const record = await records.get(task.version);
    if (record?.state !== 'running' || leaseEnd(record) >= now) continue;
    await settle(ports, run, childTask(task), record, 'its invocation ended without a word', records);
  }
  return broken.length > 0;
}

/** Records what became of a task by what became of its children. */
export async function settleTask(
  ports: ControllerPorts,
  task: SplitTask,
  children: readonly Child[],
  stopped: TaskOutcome | undefined,
): Promise<void> {
  const outcome = outcomeOfChildren(task, children, stopped, await toldChild(ports, task, children));
  await ports.ledger.tasks.settle(task, outcome, new Date(ports.now()).toISOString());
  const { version, name } = task;
  ports.log.info(`task ${outcome.state}`, { version, name, run: task.run, reason: outcome.reason });
}

/** The child that people are told of. */
export async function toldChild(
  ports: ControllerPorts,
  task: SplitTask,
  children: readonly Child[],
): Promise<ToldChild | undefined> {
  const number = tellingChild(children);
  if (number === undefined) return undefined;
  try {
    const record = await ports.ledger.children(task.version).at(number).get(task.version);
    return record === undefined ? undefined : { number, record };
  } catch (error) {
    if (!isPartyError(error)) throw error;
    return { number, record: error };
  }
}
