import { randomUUID } from 'node:crypto';
import type { Context as LambdaContext } from 'aws-lambda';
import { messageOf, PartyError } from '../errors.ts';
import {
  type ClaimResult,
  childTask,
  isSettled,
  type RunRecord,
  type RunStanding,
  type SelectedTask,
  type TaskRecord,
} from '../ledger/index.ts';
import { versionKey } from '../task/version.ts';
import type { RunnerReport, Work } from '../workflow-messages.ts';
import { Attempt, type AttemptEnd } from './attempt.ts';
import { ChildHolding, Holding } from './holding.ts';
import { checkLedger } from './ledger-check.ts';
import { loadTask } from './load-task.ts';
import { checkParams } from './params.ts';
import type { RunnerPorts } from './ports.ts';
import { recordText } from './recorded-error.ts';
import { Redactor } from './redaction.ts';
import type { TaskFile } from './task-file.ts';

/** A claim outlives its invocation by this, so that clocks may differ. */
const LEASE_MARGIN_MS = 10_000;
/** A further task begins only in this part of the invocation, so that each gets nearly the whole of it. */
const BEGINNING = 1 / 15;
/** How many are told of: the report becomes the workflow's state, which has a limit. */
const REFUSALS = 20;

/** One call of the runner. */
export interface Invocation {
  readonly work: Work;
  readonly lambda: LambdaContext;
  readonly ports: RunnerPorts;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When Lambda kills it, in milliseconds since the epoch. */
  readonly endsAt: number;
}

/** Executes the tasks that it is told to, in their order; what became of them is in the ledger. */
export async function carryOut(work: Work, lambda: LambdaContext, ports: RunnerPorts): Promise<RunnerReport> {
  const startedAt = ports.now();
  const left = Math.min(lambda.getRemainingTimeInMillis(), ports.timeoutSeconds * 1000);
  const invocation: Invocation = { work, lambda, ports, startedAt, endsAt: startedAt + left };
  const report = { v: 1, runId: work.runId } as const;
  if (work.versions.length === 0) return { ...report, ...(await checkLedger(ports, work.runId)) };
  const files = new Map(ports.files.map((file) => [versionKey(file.version), file]));

  const run = await ports.ledger.runs.require(work.runId);
  if (isOver(run)) return report;
  const paramsRefused = await refusals(work, run, files);
  if (paramsRefused.length > 0) return { ...report, paramsRefused };

  let hasBegun = false;
  for (const version of work.versions) {
    const now = ports.now();
    if (hasBegun && now - startedAt > left * BEGINNING) break;
    if (work.deadline !== undefined && now >= Date.parse(work.deadline)) break;
    const file = files.get(versionKey(version));
    if (file === undefined) return { ...report, missing: version };
    const selected = selectedTask(run, version);
    const end = await executeOne(invocation, run, selected, file);
    if (end !== 'done before') hasBegun = true;
    if (!goesOn(end, selected)) break;
  }
  return report;
}

/** Claims and executes one task, or the child of it that the invocation is for, unless somebody else does or has. */
async function executeOne(
  invocation: Invocation,
  run: RunRecord,
  selected: SelectedTask,
  file: TaskFile,
): Promise<AttemptEnd | 'done before' | 'held' | 'released'> {
  const { ports, work } = invocation;
  const { ledger } = ports;
  const task = work.child === undefined ? selected : childTask(selected);
  const result = await claim(invocation, run, task, file);
  if (!result.claimed) return isDone(result.holder, selected, run) ? 'done before' : 'held';
  const holding =
    work.child === undefined
      ? new Holding(ledger, result.claim)
      : new ChildHolding(
          ledger,
          result.claim,
          ledger.children(selected.version).at(work.child),
          run.dryRun === true,
        );
  // A cancel that came before the claim was not there to be seen by whoever looked for running tasks.
  if (!(await isWanted(invocation, holding))) {
    await holding.release(iso(ports.now()));
    return 'released';
  }
  return new Attempt({ invocation, run, selected: task, file, holding }).make();
}

/** Whether the run still wants executed what was claimed for it, and of a child its task does. */
async function isWanted({ ports, work }: Invocation, holding: Holding): Promise<boolean> {
  const run = ports.ledger.runs.standing(work.runId);
  if (work.child === undefined) return !isOver(await run);
  const [standing, demands] = await Promise.all([run, holding.demands()]);
  return !isOver(standing) && demands !== undefined && demands.request === undefined;
}

async function claim(
  { ports, lambda, endsAt, work }: Invocation,
  run: RunRecord,
  task: SelectedTask,
  file: TaskFile,
): Promise<ClaimResult> {
  const { ledger } = ports;
  const request = {
    task,
    runId: run.runId,
    asked: run.trigger === 'invoke',
    by: run.by,
    deployId: run.deployId,
    checksum: file.checksum,
    // Begins with the id of this call, by which a crash report finds it.
    token: `${lambda.awsRequestId}.${randomUUID()}`,
    now: iso(ports.now()),
    leaseUntil: iso(endsAt + LEASE_MARGIN_MS),
    ...(run.dryRun === true ? { dryRun: true } : {}),
  };
  if (work.child !== undefined)
    return ledger
      .children(task.version)
      .at(work.child)
      .claim({ ...request, isChild: true });
  if (run.fromStart !== true) return ledger.tasks.claim(request);
  const first = await ledger.tasks.claim({ ...request, fromStart: true });
  // What this run has begun anew and not finished goes on from its own cursor.
  return first.claimed || first.holder?.lastRun !== run.runId ? first : ledger.tasks.claim(request);
}

function isOver(run: RunStanding): boolean {
  return isSettled(run) || run.request !== undefined;
}

function selectedTask(run: RunRecord, version: string): SelectedTask {
  const selected = run.selection?.find((task) => versionKey(task.version) === versionKey(version));
  if (selected !== undefined) return selected;
  throw new PartyError('bad-request', `run ${run.runId} has not selected a task ${version}`);
}

/** Whether a task that could not be claimed leaves the way free for those behind it. */
function isDone(holder: TaskRecord | undefined, selected: SelectedTask, run: RunRecord): boolean {
  switch (holder?.state) {
    case 'succeeded':
    case 'skipped':
    case 'baselined':
    case 'cancelled':
      return true;
    case 'failed':
    case 'in-doubt':
      return selected.onFailure === 'continue' && holder.lastRun === run.runId;
    default:
      return false;
  }
}

function goesOn(end: AttemptEnd | 'done before' | 'held' | 'released', selected: SelectedTask): boolean {
  switch (end) {
    case 'succeeded':
    case 'done before':
      return true;
    case 'failed':
    case 'in-doubt':
      return selected.onFailure === 'continue';
    default:
      return false;
  }
}

/** Checks the params of every task that takes any, before the first is begun. */
async function refusals(
  work: Work,
  run: RunRecord,
  files: ReadonlyMap<string, TaskFile>,
): Promise<{ version: string; message: string }[]> {
  // A deploy gives no params; a task that cannot do without them is recorded as failed when its turn comes.
  if (run.trigger !== 'invoke') return [];
  const redactor = new Redactor();
  redactor.hide(run.params, run.secretParams ?? []);
  const refused: { version: string; message: string }[] = [];
  for (const version of work.versions) {
    if (refused.length === REFUSALS) break;
    const file = files.get(versionKey(version));
    if (file === undefined) continue;
    // A module that does not load is recorded as failed when its turn comes.
    const task = await loadTask(file).catch(() => undefined);
    if (task === undefined) continue;
    redactor.hide(run.params, task.secretParams);
    await checkParams(task, file.name, run.params).catch((error: unknown) => {
      refused.push({ version, message: recordText(messageOf(error), redactor) });
    });
  }
  return refused;
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
