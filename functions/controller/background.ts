import { createHash } from 'node:crypto';
import { isPartyError } from '../errors.ts';
import type { EarlierTask, RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import { isSettled } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { isExecuted } from './held.ts';
import { hasYielded } from './next-step.ts';
import { outcomeOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';

/** The run of one background task of a deploy: the same whoever asks, so that it is started once. */
export function backgroundRunId(deployRunId: string, version: string): string {
  const name = `${deployRunId}:${versionKey(version)}`;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/**
 * Starts the background tasks of a deploy that has committed, each in a run of its own. Repeatable. All are
 * recorded before the first is started: whoever cancels the deploy's run before that keeps them from being started,
 * and whoever comes later finds their runs.
 */
export async function startBackground(ports: ControllerPorts, deploy: RunRecord): Promise<void> {
  const { runs } = ports.ledger;
  const started = (deploy.background ?? []).map((task) => backgroundRun(ports, deploy, task));
  for (const run of started) await runs.accept(run);
  const { request } = await runs.standing(deploy.runId);
  for (const run of started) {
    if (request === undefined) await ports.workflow.start(run.runId);
    else {
      const cancelled = { ...run, request };
      const outcome = outcomeOf(cancelled, new Map(), { because: 'cancelled' }, ports.config);
      await runs.settle(cancelled, outcome, new Date(ports.now()).toISOString());
    }
  }
  await runs.setCommit(deploy.runId, 'committed', request === undefined ? 'started' : 'given-up');
  ports.log.info(request === undefined ? 'background tasks started' : 'background tasks cancelled', {
    run: deploy.runId,
    tasks: deploy.background?.map(idOf),
  });
}

function backgroundRun(ports: ControllerPorts, deploy: RunRecord, task: SelectedTask): RunRecord {
  const now = ports.now();
  const { by, deployId } = deploy;
  return {
    schema: 1,
    runId: backgroundRunId(deploy.runId, task.version),
    trigger: 'deploy',
    by,
    state: 'running',
    summary: `running ${idOf(task)} in the background`,
    startedAt: new Date(now).toISOString(),
    parent: deploy.runId,
    // Nobody waits for it: whether its failure would fail a deploy is no question.
    selection: [{ ...task, onFailure: 'fail-deploy' }],
    ...(deployId === undefined ? {} : { deployId }),
  };
}

/** The run, but for the given one, that goes on with an interrupted task or sees to its children, if one does. */
export async function holderBetweenSlices(
  ports: ControllerPorts,
  record: TaskRecord,
  runId?: string,
): Promise<string | undefined> {
  const { state, run, lastRun } = record;
  const holder = state === 'fanned-out' ? run : hasYielded(record) ? lastRun : undefined;
  if (holder === undefined || holder === runId) return undefined;
  return (await isUnderWay(ports, holder)) ? holder : undefined;
}

/** The first of these tasks, up to one that another run goes on with, slice by slice. */
export async function untilHeld(
  ports: ControllerPorts,
  run: RunRecord,
  records: ReadonlyMap<string, TaskRecord>,
  versions: readonly string[],
): Promise<string[]> {
  for (const [index, version] of versions.entries()) {
    const record = records.get(version);
    const holder = record && (await holderBetweenSlices(ports, record, run.runId));
    if (holder !== undefined) return versions.slice(0, index);
  }
  return [...versions];
}

/** Whether a background task need not give up yet: a run that is under way may still see to an earlier one. */
export async function mayYetSucceed(
  ports: ControllerPorts,
  run: RunRecord,
  missing: readonly EarlierTask[],
  records: ReadonlyMap<string, TaskRecord>,
): Promise<boolean> {
  for (const { version } of missing) {
    const record = records.get(versionKey(version));
    if (record !== undefined && isExecuted(record, ports.now())) return true;
    const sibling = run.parent === undefined ? undefined : backgroundRunId(run.parent, version);
    for (const other of [record?.run, record?.lastRun, sibling]) {
      if (other !== undefined && other !== run.runId && (await isUnderWay(ports, other))) return true;
    }
  }
  return false;
}

async function isUnderWay(ports: ControllerPorts, runId: string): Promise<boolean> {
  try {
    const run = await ports.ledger.runs.get(runId);
    if (run === undefined || isSettled(run)) return false;
    return await ports.workflow.isRunning(runId, run.generation);
  } catch (error) {
    if (!isPartyError(error)) throw error;
    ports.log.error('a run cannot be read, and so counts as ended', { run: runId, reason: error.message });
    return false;
  }
}
