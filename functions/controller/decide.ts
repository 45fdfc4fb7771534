import { explain, PartyError } from '../errors.ts';
import { isSplit, type SplitTask } from '../ledger/fan-out.ts';
import {
  type EarlierTask,
  isSettled,
  type RunRecord,
  type SelectedTask,
  type TaskRecord,
} from '../ledger/records.ts';
import { AT_DEADLINE } from '../ledger/stops.ts';
import { idOf } from '../task/task-id.ts';
import { compareVersions, versionKey } from '../task/version.ts';
import type { DecideMessage, Decision, Work } from '../workflow-messages.ts';
import { answerRun } from './answer-run.ts';
import { mayYetSucceed, untilHeld } from './background.ts';
import { beginDeploy } from './begin-deploy.ts';
import { withChildrenProgress } from './children-progress.ts';
import { endOfChosen } from './chosen-children.ts';
import { awaitCommit } from './commit-wait.ts';
import {
  type Caught,
  crashReason,
  diedWithDriver,
  mayHold,
  provesDeath,
  unbegunReason,
  WHILE_EXECUTING,
  WITHOUT_A_WORD,
} from './crash.ts';
import { decideChild, isOfChild } from './decide-child.ts';
import { fanOut } from './fan-out.ts';
import { countStep } from './hand-over.ts';
import { leaseEnd, nextStep, waitsForOthers } from './next-step.ts';
import { type End, outcomeOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';
import { decideCheck } from './runner-check.ts';
import { cancelYielded, noteMissing, settle } from './settle-task.ts';
import { mayBeCalledAgain, runWork, untilDeadline, wait } from './work-order.ts';

/** Between two looks at what a background task has to come after. */
const LOOK_AHEAD_SECONDS = 30;

/**
 * Decides what a run does next. Idempotent: it may be called twice for one step, at the same time, or again
 * after it broke off at any write.
 * @throws PartyError `unknown-run`, `damaged-record` where the run's own item cannot be read
 */
export async function decide(ports: ControllerPorts, { state }: DecideMessage): Promise<Decision> {
  if (state.check === true) return decideCheck(ports, state);
  return countStep(ports, state, await decideNext(ports, state));
}

async function decideNext(ports: ControllerPorts, state: DecideMessage['state']): Promise<Decision> {
  if (isOfChild(state)) return decideChild(ports, state);
  const accepted = await ports.ledger.runs.require(state.runId);
  if (isSettled(accepted)) return afterEnd(ports, accepted);
  const run = accepted.state === 'accepted' ? await beginDeploy(ports, accepted) : accepted;
  if (run === 'ask-again') return { v: 1, runId: accepted.runId, action: 'wait', seconds: 3 };
  if (isSettled(run)) return afterEnd(ports, run);

  const records = await readRecords(ports, run);
  if (records instanceof PartyError)
    return end(ports, run, new Map(), { because: 'unstartable', reason: explain(records) });
  await noteMissing(ports, records, state.report);
  const refused = refusal(state.report, run, records);
  if (refused !== undefined) return end(ports, run, records, { because: 'unstartable', reason: refused });
  if (state.error !== undefined && state.work !== undefined) {
    const verdict = await settleCrash(ports, run, records, state.work, state.error);
    if (verdict === 'call-again') return wait(run, untilDeadline(run, ports.now()));
    if (verdict !== 'go-on') return end(ports, run, records, verdict);
    return step(ports, run, await reread(ports, run));
  }
  return step(ports, run, records, state.error);
}

/** @param failure of a Distributed Map, if the step before was one */
async function step(
  ports: ControllerPorts,
  run: RunRecord,
  records: Records,
  failure?: Caught,
): Promise<Decision> {
  const now = ports.now();
  const left = untilDeadline(run, now);
  const next = nextStep(run, records, now);
  switch (next.kind) {
    case 'settle':
      await settle(ports, run, next.task, next.record, WITHOUT_A_WORD);
      return step(ports, run, await reread(ports, run));
    case 'run': {
      const [first] = tasksOf(run, next.versions);
      if (left <= 0 && first !== undefined)
        return end(ports, run, records, { because: 'deadline', task: first });
      const versions = await untilHeld(ports, run, records, next.versions);
      if (versions.length === 0 && first !== undefined) return leaveToOther(ports, run, records, first);
      return runWork(ports, run, { versions, attempt: records.get(versions[0] ?? '')?.attempt ?? 0 });
    }
    case 'fan-out':
      if (left <= 0 && next.record.state !== 'fanned-out')
        return end(ports, run, records, { because: 'deadline', task: next.task });
      return seeToChildren(ports, run, records, next.task, next.record, failure);
    case 'wait':
      if (left <= 0) return end(ports, run, records, { because: 'deadline', task: next.task });
      return wait(run, Math.min(next.until - now, left));
    case 'end': {
      if (run.request !== undefined) return endCancelled(ports, run, records);
      if (next.stopped !== undefined && next.unmet !== undefined)
        return comeAfter(ports, run, records, next.stopped, next.unmet);
      const [chosen] = run.children === undefined || next.held ? [] : (run.selection ?? []);
      if (chosen !== undefined) return endWithChosen(ports, run, records, chosen);
      if (next.stopped === undefined) return end(ports, run, records, { because: 'done' });
      return end(ports, run, records, { because: next.held ? 'held' : 'failed', task: next.stopped });
    }
  }
}

async function seeToChildren(
  ports: ControllerPorts,
  run: RunRecord,
  records: Records,
  task: SelectedTask,
  record: SplitTask,
  failure: Caught | undefined,
): Promise<Decision> {
  const next = await fanOut(ports, run, task, record, failure);
  const left = untilDeadline(run, ports.now());
  switch (next.kind) {
    case 'look-again':
      return step(ports, run, await reread(ports, run), failure);
    case 'map':
      return next.decision;
    case 'over':
      return endWithChosen(ports, run, records, task);
    case 'held':
      return leaveToOther(ports, run, records, task);
    case 'wait':
      if (left <= 0) return end(ports, run, records, { because: 'deadline', task });
      return wait(run, Math.min(next.until - ports.now(), left));
  }
}

async function endWithChosen(
  ports: ControllerPorts,
  run: RunRecord,
  records: Records,
  task: SelectedTask,
): Promise<Decision> {
  const record = records.get(versionKey(task.version));
  return end(ports, run, records, await endOfChosen(ports, run, task, record));
}

/** A task that another run is at: a deploy waits for it as for one that is just being executed. */
async function leaveToOther(
  ports: ControllerPorts,
  run: RunRecord,
  records: Records,
  task: SelectedTask,
): Promise<Decision> {
  if (run.request !== undefined) return end(ports, run, records, { because: 'cancelled' });
  if (!waitsForOthers(run)) return end(ports, run, records, { because: 'held', task });
  const left = untilDeadline(run, ports.now());
  return left <= 0 ? end(ports, run, records, { because: 'deadline', task }) : wait(run, left);
}

function tasksOf({ selection = [] }: RunRecord, versions: readonly string[]): SelectedTask[] {
  return versions.flatMap((version) => selection.find((task) => versionKey(task.version) === version) ?? []);
}

/** Nobody waits for a background task, so it waits for those before it as long as they are under way. */
async function comeAfter(
  ports: ControllerPorts,
  run: RunRecord,
  records: Records,
  task: SelectedTask,
  missing: readonly EarlierTask[],
): Promise<Decision> {
  const waits = run.parent !== undefined && (await mayYetSucceed(ports, run, missing, records));
  if (waits) return { v: 1, runId: run.runId, action: 'wait', seconds: LOOK_AHEAD_SECONDS };
  return end(ports, run, records, { because: 'unready', task, missing });
}

async function endCancelled(ports: ControllerPorts, run: RunRecord, records: Records): Promise<Decision> {
  await cancelYielded(ports, run, records);
  return end(ports, run, await reread(ports, run), { because: 'cancelled' });
}

async function end(ports: ControllerPorts, run: RunRecord, records: Records, why: End): Promise<Decision> {
  // Those that it says of that they are still running.
  const running = [...(run.background ?? []), ...(why.because === 'held' ? [why.task] : [])];
  const told = await withChildrenProgress(ports, records, running);
  const outcome = outcomeOf(run, told, why, ports.config);
  const settled = await ports.ledger.runs.settle(run, outcome, new Date(ports.now()).toISOString());
  ports.log.info('run ended', { run: run.runId, state: settled.state, because: why.because });
  return afterEnd(ports, settled);
}

/**
 * Answers CloudFormation, stays until what the run left executing is surely over, and then for the commit if
 * background tasks wait for it.
 */
async function afterEnd(ports: ControllerPorts, run: RunRecord): Promise<Decision> {
  await answerRun(ports, run);
  const records = await readRecords(ports, run);
  if (records instanceof PartyError) return awaitCommit(ports, run);
  for (const task of run.selection ?? []) {
    const record = records.get(versionKey(task.version));
    if (record === undefined || record.run !== run.runId) continue;
    if (record.state === 'fanned-out' && isSplit(record)) {
      const next = await fanOut(ports, run, task, record);
      if (next.kind === 'wait') return wait(run, next.until - ports.now());
      if (next.kind === 'look-again') return afterEnd(ports, run);
    }
    if (record.state !== 'running') continue;
    const now = ports.now();
    if (leaseEnd(record) >= now) return wait(run, leaseEnd(record) - now);
    const reason = untilDeadline(run, now) <= 0 ? AT_DEADLINE.reason : WITHOUT_A_WORD;
    await settle(ports, run, task, record, reason);
  }
  return awaitCommit(ports, run);
}

type Records = ReadonlyMap<string, TaskRecord>;

/** All records, also of what selected tasks come after; the first damaged one of a selected task instead. */
async function readRecords(ports: ControllerPorts, run: RunRecord): Promise<Records | PartyError> {
  const selected = new Set((run.selection ?? []).map(({ version }) => versionKey(version)));
  const records = new Map<string, TaskRecord>();
  for (const [version, record] of await ports.ledger.tasks.all()) {
    if (!(record instanceof PartyError)) records.set(version, record);
    else if (selected.has(version)) return record;
  }
  return records;
}

async function reread(ports: ControllerPorts, run: RunRecord): Promise<Records> {
  const records = await readRecords(ports, run);
  if (records instanceof PartyError) throw records;
  return records;
}

/**
 * Settles what a crashed invocation held.
 * @returns why the run ends where the runner did not get as far as claiming a task; a deploy calls again what
 * the service refused, until its deadline
 */
async function settleCrash(
  ports: ControllerPorts,
  run: RunRecord,
  records: Records,
  sent: Work,
  caught: Caught,
): Promise<'go-on' | 'call-again' | End> {
  const { runnerTimeoutSeconds } = ports.config;
  const reason = crashReason(caught, runnerTimeoutSeconds);
  ports.log.error('runner crashed', { run: run.runId, error: caught.Error, reason });
  let touched = false;
  for (const version of sent.versions) {
    const record = records.get(version);
    const task = run.selection?.find((selected) => versionKey(selected.version) === version);
    if (record === undefined || task === undefined) continue;
    const holds = record.state === 'running' && record.run === run.runId;
    const hasSplit = record.state === 'fanned-out' && record.run === run.runId;
    touched ||= holds || hasSplit || (record.lastRun === run.runId && !isUntouched(record, sent));
    if (holds && provesDeath(caught) && mayHold(caught, record))
      await settle(ports, run, task, record, crashReason(caught, runnerTimeoutSeconds, WHILE_EXECUTING));
  }
  if (touched || diedWithDriver(caught)) return 'go-on';
  if (!provesDeath(caught) && mayBeCalledAgain(run, ports.now())) return 'call-again';
  return { because: 'unstartable', reason: unbegunReason(caught, runnerTimeoutSeconds) };
}

/** Whether the task yielded in an earlier invocation, and has not been claimed in this one. */
function isUntouched(record: TaskRecord, sent: Work): boolean {
  return record.state === 'interrupted' && record.attempt === sent.attempt;
}

function refusal(
  report: DecideMessage['state']['report'],
  run: RunRecord,
  records: Records,
): string | undefined {
  const named = (version: string): string => {
    const task = run.selection?.find((selected) => versionKey(selected.version) === versionKey(version));
    return task === undefined ? version : idOf(task);
  };
  const left = report?.missing === undefined ? undefined : records.get(versionKey(report.missing));
  if (left?.state === 'interrupted')
    return `task ${idOf(left)} is interrupted, and its file is no longer in what is deployed`;
  if (report?.missing !== undefined)
    return `task ${named(report.missing)} is not in the deployed bundle; deploy again`;
  const refused = [...(report?.paramsRefused ?? [])].sort((a, b) => compareVersions(a.version, b.version));
  if (refused.length === 0) return undefined;
  return refused
    .map(({ version, message }) => `the params of task ${named(version)} were refused: ${message}`)
    .join('; ');
}
