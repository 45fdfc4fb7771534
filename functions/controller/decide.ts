import { explain, PartyError } from '../errors.ts';
import { claimOf } from '../ledger/claim.ts';
import { isSettled, type RunRecord, type SelectedTask, type TaskRecord } from '../ledger/records.ts';
import { compareVersions, versionKey } from '../task/version.ts';
import type { DecideMessage, Decision, Work } from '../workflow-messages.ts';
import { answerRun } from './answer-run.ts';
import { beginDeploy } from './begin-deploy.ts';
import { brokenOff, type Caught, crashReason, mayHold, provesDeath } from './crash.ts';
import { leaseEnd, nextStep } from './next-step.ts';
import { type End, idOf, outcomeOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';

/** Longest wait between two looks at a task that another run executes, or at a request to cancel. */
const LOOK_SECONDS = 10;
/** How long after the deadline the runner has to write its record: 5 s of grace, and the writes. */
const GRACE_SECONDS = 15;

/**
 * Decides what a run does next. Idempotent: it may be called twice for one step, at the same time, or again
 * after it broke off at any write.
 * @throws PartyError `unknown-run`, `damaged-record` where the run's own item cannot be read
 */
export async function decide(ports: ControllerPorts, { state }: DecideMessage): Promise<Decision> {
  const accepted = await ports.ledger.runs.require(state.runId);
  if (isSettled(accepted)) return afterEnd(ports, accepted);
  const run = accepted.state === 'accepted' ? await beginDeploy(ports, accepted) : accepted;
  if (run === 'ask-again') return { v: 1, runId: accepted.runId, action: 'wait', seconds: 3 };
  if (isSettled(run)) return afterEnd(ports, run);

  const records = await readRecords(ports, run);
  if (records instanceof PartyError)
    return end(ports, run, new Map(), { because: 'unstartable', reason: explain(records) });
  const refused = refusal(state.report, run);
  if (refused !== undefined) return end(ports, run, records, { because: 'unstartable', reason: refused });
  if (state.error !== undefined && state.work !== undefined) {
    const verdict = await settleCrash(ports, run, records, state.work, state.error);
    if (verdict === 'call-again') return wait(run, untilDeadline(run, ports.now()));
    if (verdict !== 'go-on') return end(ports, run, records, verdict);
    return step(ports, run, await reread(ports, run));
  }
  return step(ports, run, records);
}

async function step(ports: ControllerPorts, run: RunRecord, records: Records): Promise<Decision> {
  const now = ports.now();
  const left = untilDeadline(run, now);
  const next = nextStep(run, records, now);
  switch (next.kind) {
    case 'settle':
      await settle(ports, next.task, next.record, 'its invocation ended without a word');
      return step(ports, run, await reread(ports, run));
    case 'run':
      if (left <= 0) {
        const first = (run.selection ?? []).find((task) => versionKey(task.version) === next.versions[0]);
        if (first !== undefined) return end(ports, run, records, { because: 'deadline', task: first });
      }
      return { v: 1, runId: run.runId, action: 'run', work: work(ports, run, next.versions, left) };
    case 'wait': {
      if (left <= 0) return end(ports, run, records, { because: 'deadline', task: next.task });
      return wait(run, Math.min(next.until - now, left));
    }
    case 'end': {
      if (run.request !== undefined) return end(ports, run, records, { because: 'cancelled' });
      if (next.stopped === undefined) return end(ports, run, records, { because: 'done' });
      return end(ports, run, records, { because: next.held ? 'held' : 'failed', task: next.stopped });
    }
  }
}

/** Milliseconds; a run that a person started has no deadline. */
function untilDeadline({ deadline }: RunRecord, now: number): number {
  return deadline === undefined ? Number.POSITIVE_INFINITY : Date.parse(deadline) - now;
}

function work(ports: ControllerPorts, run: RunRecord, versions: readonly string[], leftMs: number): Work {
  const whole = ports.config.runnerTimeoutSeconds + 60;
  const left = Math.ceil(leftMs / 1000) + GRACE_SECONDS;
  return {
    v: 1,
    runId: run.runId,
    versions: [...versions],
    timeoutSeconds: Math.max(1, Math.min(whole, left)),
    ...(run.deadline === undefined ? {} : { deadline: run.deadline }),
  };
}

function wait(run: RunRecord, milliseconds: number): Decision {
  const seconds = Math.min(LOOK_SECONDS, Math.max(1, Math.ceil(milliseconds / 1000)));
  return { v: 1, runId: run.runId, action: 'wait', seconds };
}

async function end(ports: ControllerPorts, run: RunRecord, records: Records, why: End): Promise<Decision> {
  const outcome = outcomeOf(run, records, why, ports.config);
  const settled = await ports.ledger.runs.settle(run, outcome, new Date(ports.now()).toISOString());
  ports.log.info('run ended', { run: run.runId, state: settled.state, because: why.because });
  return afterEnd(ports, settled);
}

/** Answers CloudFormation, then stays until what the run left executing is surely over. */
async function afterEnd(ports: ControllerPorts, run: RunRecord): Promise<Decision> {
  await answerRun(ports, run);
  const records = await readRecords(ports, run);
  if (records instanceof PartyError) return { v: 1, runId: run.runId, action: 'end' };
  for (const task of run.selection ?? []) {
    const record = records.get(versionKey(task.version));
    if (record === undefined || record.state !== 'running' || record.run !== run.runId) continue;
    const now = ports.now();
    if (leaseEnd(record) >= now) return wait(run, leaseEnd(record) - now);
    await settle(
      ports,
      task,
      record,
      untilDeadline(run, now) <= 0 ? 'deploy timeout' : 'its invocation ended without a word',
    );
  }
  return { v: 1, runId: run.runId, action: 'end' };
}

type Records = ReadonlyMap<string, TaskRecord>;

async function readRecords(ports: ControllerPorts, run: RunRecord): Promise<Records | PartyError> {
  const all = await ports.ledger.tasks.all();
  const records = new Map<string, TaskRecord>();
  for (const task of run.selection ?? []) {
    const record = all.get(versionKey(task.version));
    if (record instanceof PartyError) return record;
    if (record !== undefined) records.set(versionKey(task.version), record);
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
  const reason = crashReason(caught, ports.config.runnerTimeoutSeconds);
  ports.log.error('runner crashed', { run: run.runId, error: caught.Error, reason });
  let touched = false;
  for (const version of sent.versions) {
    const record = records.get(version);
    const task = run.selection?.find((selected) => versionKey(selected.version) === version);
    if (record === undefined || task === undefined) continue;
    const holds = record.state === 'running' && record.run === run.runId;
    touched ||= holds || record.lastRun === run.runId;
    if (holds && provesDeath(caught) && mayHold(caught, record)) await settle(ports, task, record, reason);
  }
  if (touched) return 'go-on';
  if (provesDeath(caught)) return { because: 'unstartable', reason: `the runner does not load: ${reason}` };
  if (run.trigger === 'deploy') return 'call-again';
  return { because: 'unstartable', reason: `the runner could not be called: ${caught.Error}` };
}

async function settle(
  ports: ControllerPorts,
  task: SelectedTask,
  record: TaskRecord,
  reason: string,
): Promise<void> {
  const claim = claimOf(record);
  if (claim === undefined) {
    throw new PartyError(
      'damaged-record',
      `the record of task ${idOf(task)} says running, but not by which run and owner`,
      'after-party reset',
    );
  }
  await ports.ledger.tasks.finish(claim, brokenOff(task, reason), new Date(ports.now()).toISOString());
}

function refusal(report: DecideMessage['state']['report'], run: RunRecord): string | undefined {
  const named = (version: string): string => {
    const task = run.selection?.find((selected) => versionKey(selected.version) === versionKey(version));
    return task === undefined ? version : idOf(task);
  };
  if (report?.missing !== undefined)
    return `task ${named(report.missing)} is not in the deployed bundle; deploy again`;
  const refused = [...(report?.paramsRefused ?? [])].sort((a, b) => compareVersions(a.version, b.version));
  if (refused.length === 0) return undefined;
  return refused
    .map(({ version, message }) => `the params of task ${named(version)} were refused: ${message}`)
    .join('; ');
}
