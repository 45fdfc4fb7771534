import { isPartyError } from '../errors.ts';
import type { AttemptRecords } from '../ledger/attempt-records.ts';
import { childTask } from '../ledger/fan-out.ts';
import { isSettled, type RunRecord, type SelectedTask, type TaskRecord } from '../ledger/records.ts';
import type { TaskOutcome } from '../ledger/task-records.ts';
import { versionKey } from '../task/version.ts';
import type { DecideMessage, Decision } from '../workflow-messages.ts';
import {
  crashReason,
  diedWithDriver,
  mayHold,
  provesDeath,
  unbegunReason,
  WHILE_EXECUTING,
  WITHOUT_A_WORD,
} from './crash.ts';
import { standingOfChild } from './next-child-step.ts';
import { leaseEnd } from './next-step.ts';
import type { ControllerPorts } from './ports.ts';
import { NO_FILE, settle } from './settle-task.ts';
import { mayBeCalledAgain, runWork, untilDeadline, wait } from './work-order.ts';

/** What Decide is asked in the execution of a child. */
export type ChildState = DecideMessage['state'] & { readonly version: string; readonly child: number };

export function isOfChild(state: DecideMessage['state']): state is ChildState {
  return state.version !== undefined && state.child !== undefined;
}

/** A child, and where its record is. */
interface Subject {
  readonly run: RunRecord;
  /** As a child's. */
  readonly task: SelectedTask;
  readonly record: TaskRecord;
  readonly records: AttemptRecords;
}

/** Decides what comes next of one child, by its record alone. Idempotent, as Decide is. */
export async function decideChild(ports: ControllerPorts, state: ChildState): Promise<Decision> {
  const { runId, version, child, share } = state;
  const end: Decision = { v: 1, runId, action: 'end' };
  const stop: Decision = { v: 1, runId, action: 'stop' };
  const subject = await find(ports, state);
  if (subject === undefined) return end;
  const verdict = await settleEnd(ports, state, subject);
  if (verdict === 'settled') return decideChild(ports, { v: 1, runId, version, child, share });
  const { run, task, record, records } = subject;
  const now = ports.now();
  if (verdict === 'call-again') return wait(run, untilDeadline(run, now));
  if (untilDeadline(run, now) <= 0) return stop;
  switch (standingOfChild(task, { number: child, ...record }, run, now)) {
    case 'running':
      return wait(run, leaseEnd(record) - now);
    case 'broken-off':
      await settle(ports, run, task, record, WITHOUT_A_WORD, records);
      return decideChild(ports, { v: 1, runId, version, child, share });
    case 'ready': {
      const wants = await whatRunWants(ports, subject);
      if (wants !== 'run') return wants === 'stop' ? stop : end;
      return runWork(ports, run, {
        versions: [versionKey(version)],
        child,
        attempt: record.attempt,
        ...(share === undefined ? {} : { share }),
      });
    }
    default:
      return end;
  }
}

async function find(
  ports: ControllerPorts,
  { runId, version, child }: ChildState,
): Promise<Subject | undefined> {
  const run = await ports.ledger.runs.require(runId);
  const task = run.selection?.find((selected) => versionKey(selected.version) === versionKey(version));
  const records = ports.ledger.children(version).at(child);
  try {
    const record = await records.get(version);
    return task === undefined || record === undefined
      ? undefined
      : { run, task: childTask(task), record, records };
  } catch (error) {
    if (!isPartyError(error)) throw error;
    // The task is settled as failed by it.
    ports.log.error(error.message, { run: runId, child });
    return undefined;
  }
}

/** Whether the run still wants children of the task executed, and this one is of them. */
async function whatRunWants(
  ports: ControllerPorts,
  { run, task, record }: Subject,
): Promise<'run' | 'stop' | 'end'> {
  if (isSettled(run) || run.request !== undefined) return 'stop';
  const whole = await wholeOf(ports, run, task);
  if (whole?.children === undefined || whole.request !== undefined) return 'stop';
  const isFannedOut = whole.state === 'fanned-out';
  const isOpen = run.dryRun === true ? !isFannedOut : isFannedOut && whole.run === run.runId;
  if (!isOpen) return 'stop';
  return whole.children.plan === record.plan ? 'run' : 'end';
}

/** The task's own record; undefined too where it cannot be read, of which the run itself will tell. */
async function wholeOf(
  ports: ControllerPorts,
  { runId }: RunRecord,
  { version }: SelectedTask,
): Promise<TaskRecord | undefined> {
  try {
    return await ports.ledger.tasks.get(version);
  } catch (error) {
    if (!isPartyError(error)) throw error;
    ports.log.error(error.message, { run: runId });
    return undefined;
  }
}

/** Settles how the last invocation ended, where that is not in the child's record. */
async function settleEnd(
  ports: ControllerPorts,
  state: ChildState,
  subject: Subject,
): Promise<'go-on' | 'settled' | 'call-again'> {
  const { error, report, work } = state;
  if (report?.missing !== undefined) {
    return failUnbegun(ports, state, subject, { state: 'interrupted', reason: NO_FILE });
  }
  const [refused] = report?.paramsRefused ?? [];
  if (refused !== undefined)
    return failUnbegun(ports, state, subject, {
      state: 'failed',
      reason: `its params were refused: ${refused.message}`,
    });
  if (error === undefined || work === undefined) return 'go-on';
  const { run, task, record, records } = subject;
  const { runnerTimeoutSeconds } = ports.config;
  const reason = crashReason(error, runnerTimeoutSeconds);
  ports.log.error('runner crashed', { run: run.runId, child: work.child, error: error.Error, reason });
  const holds = record.state === 'running' && record.run === run.runId;
  if (holds && provesDeath(error) && mayHold(error, record)) {
    const broke = crashReason(error, runnerTimeoutSeconds, WHILE_EXECUTING);
    await settle(ports, run, task, record, broke, records);
    return 'settled';
  }
  if (holds || record.attempt !== work.attempt || diedWithDriver(error)) return 'go-on';
  if (!provesDeath(error) && mayBeCalledAgain(run, ports.now())) return 'call-again';
  const unbegun = unbegunReason(error, runnerTimeoutSeconds);
  return failUnbegun(ports, state, subject, { state: 'failed', reason: unbegun });
}

/** Records for a child that no invocation could begin how it ended, so that it is not begun for ever. */
async function failUnbegun(
  ports: ControllerPorts,
  state: ChildState,
  { run, task, record, records }: Subject,
  outcome: TaskOutcome,
): Promise<'settled' | 'go-on'> {
  const now = ports.now();
  // Somebody executes it, or an earlier try of this call has recorded it.
  if (standingOfChild(task, { number: state.child, ...record }, run, now) !== 'ready') return 'go-on';
  const { cursor, progress } = record;
  const far = { ...(cursor === undefined ? {} : { cursor }), ...(progress && { progress }) };
  await records.settle(record, { ...outcome, ...far }, new Date(now).toISOString(), run);
  return 'settled';
}
