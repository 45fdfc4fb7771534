import { isPartyError } from '../errors.ts';
import type { Child } from '../ledger/child-records.ts';
import { childTask, type SplitTask } from '../ledger/fan-out.ts';
import { isSettled, type RunRecord, type SelectedTask } from '../ledger/records.ts';
import { AT_DEADLINE } from '../ledger/stops.ts';
import type { TaskOutcome } from '../ledger/task-records.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import type { FanOut } from '../workflow-messages.ts';
import { holderBetweenSlices } from './background.ts';
import { askedOf, outcomeOfChildren, stopOf, type ToldChild, tellingChild } from './children-outcome.ts';
import { type Caught, DRIVER_ENDED, diedWithDriver, WITHOUT_A_WORD } from './crash.ts';
import { standingOfChild } from './next-child-step.ts';
import { leaseEnd } from './next-step.ts';
import type { ControllerPorts } from './ports.ts';
import { settle } from './settle-task.ts';
import { oneParagraph } from './text.ts';
import { mayBeCalledAgain, untilDeadline } from './work-order.ts';

/** How many children one Distributed Map takes: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAP_LIMIT = 10_000;
/**
 * How many it takes for each of those that are executed side by side, where a deadline may come meanwhile: Step
 * Functions may begin some of the rest all the same, and CloudFormation waits for no longer than minutes.
 */
const UNTIL_ANSWERED = 60;
/** Between two Distributed Maps, after one that could not be carried out. */
const PAUSE_MS = 10_000;

/** What is next for a task that is split into children. */
export type FanOutStep =
  /** The ledger has changed: look again. */
  | { readonly kind: 'look-again' }
  /** Another run sees to the children. */
  | { readonly kind: 'held' }
  /** Until the time, in milliseconds since the epoch, some are being executed that this run cannot stop. */
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'map'; readonly decision: FanOut }
  /** Nothing is left to do: of a dry run, which leaves the task as it is. */
  | { readonly kind: 'over' };

/**
 * Has the children of a task executed as long as some are left, and then records what became of the task.
 * @param failure of the Distributed Map that was to execute them, if it was not carried out
 * @throws PartyError `damaged-record` for a child that cannot be settled
 */
export async function fanOut(
  ports: ControllerPorts,
  run: RunRecord,
  task: SelectedTask,
  record: SplitTask,
  failure?: Caught,
): Promise<FanOutStep> {
  const now = ports.now();
  const isFannedOut = record.state === 'fanned-out';
  if (!isFannedOut && run.dryRun !== true) {
    await ports.ledger.tasks.reopen(record, run, new Date(now).toISOString());
    ports.log.info('goes on with the children of a task', { run: run.runId, task: idOf(task) });
    return { kind: 'look-again' };
  }
  const isOwn = record.run === run.runId || !isFannedOut;
  if (!isOwn && (await holderBetweenSlices(ports, record, run.runId)) !== undefined) return { kind: 'held' };
  const children = await ports.ledger.children(task.version).standings(record.children);
  if (await settleBrokenOff(ports, run, task, children)) return { kind: 'look-again' };

  const ready: number[] = [];
  let until = 0;
  for (const child of children) {
    const stands = standingOfChild(childTask(task), child, run, now);
    if (stands === 'ready') ready.push(child.number);
    if (stands === 'running') until = Math.max(until, leaseOf(child));
  }
  const isOver = untilDeadline(run, now) <= 0;
  const isStopping = !isOwn || isOver || isSettled(run) || stopOf(record, run) !== undefined;
  const isLeft = ready.length > 0 && !isStopping;
  if (isLeft && failure === undefined) return { kind: 'map', decision: mapOver(run, record, ready) };
  if (isLeft && mayBeCalledAgain(run, now)) return { kind: 'wait', until: now + PAUSE_MS };
  if (until > 0) return { kind: 'wait', until };
  if (!isFannedOut) return { kind: 'over' };
  const stopped = isOwn ? whyStopped(run, record, isOver, failure) : abandoned(record);
  await settleTask(ports, run, record, children, stopped);
  return { kind: 'look-again' };
}

function whyStopped(
  run: RunRecord,
  record: SplitTask,
  isOver: boolean,
  failure: Caught | undefined,
): TaskOutcome | undefined {
  const asked = stopOf(record, run);
  if (asked !== undefined) return asked;
  if (isOver) return AT_DEADLINE;
  if (failure === undefined) return undefined;
  if (diedWithDriver(failure)) return { state: 'interrupted', reason: DRIVER_ENDED };
  const why = oneParagraph(`${failure.Error}: ${failure.Cause ?? 'no cause was given'}`, 300);
  return { state: 'interrupted', reason: `its children could not be executed: ${why}` };
}

function mapOver(run: RunRecord, { version, children }: SplitTask, ready: readonly number[]): FanOut {
  const parallel = Math.min(children.parallel, ready.length);
  const atOnce = run.deadline === undefined ? MAP_LIMIT : Math.min(MAP_LIMIT, parallel * UNTIL_ANSWERED);
  return {
    v: 1,
    runId: run.runId,
    action: 'fan-out',
    version: versionKey(version),
    children: ready.slice(0, atOnce),
    parallel,
    share: 1 / parallel,
  };
}

function leaseOf(child: Child): number {
  return child.damaged === undefined ? leaseEnd(child) : 0;
}

/** What becomes of a task whose run did not live to see its children's end, nor what was asked of it. */
export function abandoned(record: SplitTask): TaskOutcome {
  const reason = `run ${record.run} ended before its children did`;
  return askedOf(record) ?? { state: 'interrupted', reason };
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
    await settle(ports, run, childTask(task), record, WITHOUT_A_WORD, records);
  }
  return broken.length > 0;
}

/** What a task has come to by its children. */
export async function outcomeOfTask(
  ports: ControllerPorts,
  task: SplitTask,
  children: readonly Child[],
  stopped?: TaskOutcome,
): Promise<TaskOutcome> {
  const told = await toldChild(ports, task, children);
  return noting(keptShards(ports, task), outcomeOfChildren(task, children, stopped, told));
}

/** Records what became of a task by what became of its children. */
export async function settleTask(
  ports: ControllerPorts,
  run: Pick<RunRecord, 'runId'>,
  task: SplitTask,
  children: readonly Child[],
  stopped: TaskOutcome | undefined,
): Promise<void> {
  const outcome = await outcomeOfTask(ports, task, children, stopped);
  const { version, name, run: runId = run.runId } = task;
  const now = new Date(ports.now()).toISOString();
  if (!(await ports.ledger.tasks.settle(task, outcome, now, { runId }))) return;
  ports.log.info(`task ${outcome.state}`, { version, name, run: runId, reason: outcome.reason });
}

/** What is to be said where the task's file has another number of shards by now: a plan is kept to its end. */
function keptShards(ports: ControllerPorts, { version, children }: SplitTask): string | undefined {
  const file = ports.manifest.tasks.find((entry) => versionKey(entry.version) === versionKey(version));
  const isKept = file?.shards !== undefined && children.of === 'shards' && file.shards !== children.count;
  return isKept ? `it keeps its ${children.count} shards, though its file now has ${file.shards}` : undefined;
}

function noting(note: string | undefined, outcome: TaskOutcome): TaskOutcome {
  if (note === undefined) return outcome;
  if (outcome.state === 'succeeded') return { ...outcome, result: `${outcome.result}; ${note}` };
  return { ...outcome, reason: `${outcome.reason}; ${note}` };
}

/** The child that people are told of. */
async function toldChild(
  ports: ControllerPorts,
  task: SplitTask,
  children: readonly Child[],
): Promise<ToldChild | undefined> {
  const number = tellingChild(children);
  if (number === undefined) return undefined;
  const { damaged } = children[number - 1] ?? {};
  if (damaged !== undefined) return { number, record: damaged };
  try {
    const record = await ports.ledger.children(task.version).at(number).get(task.version);
    return record === undefined ? undefined : { number, record };
  } catch (error) {
    if (!isPartyError(error)) throw error;
    return { number, record: error };
  }
}
