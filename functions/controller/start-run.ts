import { PartyError } from '../errors.ts';
import type { RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import type { ManifestTask } from '../manifest.ts';
import { versionKey } from '../task/version.ts';
import { backgroundRunId, holderBetweenSlices } from './background.ts';
import { leaseEnd } from './next-step.ts';
import { idOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';
import type { ControllerRequest, RunStatus } from './requests.ts';
import { type LedgerView, pinned, selectPending } from './selection.ts';
import { findTasks, type KnownTask, knownTasks } from './task-names.ts';
import { taskStatus } from './task-status.ts';

type Request<Name extends ControllerRequest['request']> = Extract<ControllerRequest, { request: Name }>;

/** States that need no second word: nothing has succeeded, and nobody has decided anything. */
const UNASKED = new Set([
  ...['pending', 'failed', 'stale', 'manual', 'every-deploy'],
  ...['interrupted', 'paused'],
]);
const PARAMS_LIMIT_BYTES = 32_768;

/**
 * Runs the named tasks now.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `not-deployed`, `held`, `confirm`, `bad-params`, `damaged-record`
 */
export async function invoke(ports: ControllerPorts, request: Request<'invoke'>): Promise<RunStatus> {
  const again = await ports.ledger.runs.get(request.runId);
  if (again !== undefined) return startAgain(ports, again);
  const view = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, view.records, request.local), request.names).map(
    (task) => requireDeployed(view, task),
  );
  const wanted = request.ifNotSucceeded ? tasks.filter((task) => !hasSucceeded(view, task)) : tasks;
  await refuseHeld(ports, view, wanted);
  if (!request.confirmed && !request.dryRun) refuseUnconfirmed(ports, view, wanted);
  checkParams(request.params, wanted);
  checkIteration(request, wanted);
  const selection = wanted.map(
    (task): SelectedTask => ({
      ...pinned(task, ports.manifest, view, ports.config),
      onFailure: 'fail-deploy',
    }),
  );
  const secretParams = [...new Set(wanted.flatMap((task) => task.secretParams))];
  return start(ports, {
    ...newRun(ports, request.runId, 'invoke', request.by, selection, view),
    ...(request.params === undefined ? {} : { params: request.params }),
    ...(request.fromStart ? { fromStart: true } : {}),
    ...(request.dryRun ? { dryRun: true } : {}),
    ...(request.limit === undefined ? {} : { limit: request.limit }),
    ...(secretParams.length === 0 ? {} : { secretParams }),
  });
}

/**
 * Runs what is pending, as a deploy would; a background task that is under way is left to its run.
 * @throws PartyError `held`, `damaged-record`
 */
export async function run(ports: ControllerPorts, request: Request<'run'>): Promise<RunStatus> {
  const again = await ports.ledger.runs.get(request.runId);
  if (again !== undefined) return startAgain(ports, again);
  const view = await readLedger(ports);
  const pending = selectPending(ports.manifest, view, ports.config, request.all);
  const selection = await withoutRunningBackground(ports, view, pending);
  await refuseHeld(ports, view, selection);
  return start(ports, newRun(ports, request.runId, 'run', request.by, selection, view));
}

/** The run and its tasks as they stand. */
export async function showRun(ports: ControllerPorts, runId: string): Promise<RunStatus> {
  return runStatus(ports, await ports.ledger.runs.require(runId), await readLedger(ports));
}

export async function readLedger(ports: ControllerPorts): Promise<LedgerView> {
  const [records, party] = await Promise.all([ports.ledger.tasks.all(), ports.ledger.party.get()]);
  return { records, party };
}

function newRun(
  ports: ControllerPorts,
  runId: string,
  trigger: 'run' | 'invoke',
  by: string,
  selection: readonly SelectedTask[],
  view: LedgerView,
): RunRecord {
  const now = ports.now();
  const deployId = view.party?.lastDeploy?.deployId;
  return {
    schema: 1,
    runId,
    trigger,
    by,
    state: 'running',
    summary: `running ${selection.length} tasks, asked for by ${by}`,
    startedAt: new Date(now).toISOString(),
    selection: [...selection],
    ...(deployId === undefined ? {} : { deployId }),
    expiresAt: Math.floor(now / 1000) + ports.config.retentionDays * 86_400,
  };
}

async function start(ports: ControllerPorts, accepted: RunRecord): Promise<RunStatus> {
  await ports.ledger.runs.accept(accepted);
  ports.log.info('run accepted', { run: accepted.runId, trigger: accepted.trigger, by: accepted.by });
  return startAgain(ports, await ports.ledger.runs.require(accepted.runId));
}

/** The CLI may send a request twice; both come to one run. */
export async function startAgain(ports: ControllerPorts, accepted: RunRecord): Promise<RunStatus> {
  await ports.workflow.start(accepted.runId, accepted.generation);
  return showRun(ports, accepted.runId);
}

export function runStatus(ports: ControllerPorts, record: RunRecord, view: LedgerView): RunStatus {
  const known = knownTasks(ports.manifest, view.records, record.selection ?? []);
  return {
    runId: record.runId,
    state: record.state,
    trigger: record.trigger,
    by: record.by,
    outcome: record.answer?.text ?? null,
    dryRun: record.dryRun ?? false,
    background:
      record.commit === 'started'
        ? (record.background ?? []).map(({ version }) => backgroundRunId(record.runId, version))
        : [],
    tasks: (record.selection ?? []).flatMap((task) => {
      const found = known.get(versionKey(task.version));
      return found === undefined ? [] : [taskStatus(ports, view, found)];
    }),
  };
}

export function requireDeployed(view: LedgerView, task: KnownTask): ManifestTask {
  if (task.deployed !== undefined) return task.deployed;
  const recorded = view.records.has(versionKey(task.version));
  throw new PartyError(
    'not-deployed',
    `task ${idOf(task)} is not in what is deployed: ${recorded ? 'its file was removed, or rolled back with its deploy' : 'it was never deployed, or rolled back with its deploy'}`,
    'deploy it first: npx cdk deploy',
  );
}

function hasSucceeded(view: LedgerView, task: ManifestTask): boolean {
  const record = view.records.get(versionKey(task.version));
  return record !== undefined && !(record instanceof Error) && record.succeededAt !== undefined;
}

async function withoutRunningBackground(
  ports: ControllerPorts,
  view: LedgerView,
  tasks: readonly SelectedTask[],
): Promise<SelectedTask[]> {
  const background = new Set(ports.manifest.tasks.filter((task) => task.background).map(({ name }) => name));
  const left: SelectedTask[] = [];
  for (const task of tasks) {
    const holder = background.has(task.name) ? await holderIn(ports, view, task) : undefined;
    if (holder === undefined) left.push(task);
  }
  return left;
}

async function refuseHeld(
  ports: ControllerPorts,
  view: LedgerView,
  tasks: readonly { version: string; name: string }[],
): Promise<void> {
  for (const task of tasks) {
    const held = await holderIn(ports, view, task);
    if (held === undefined) continue;
    throw new PartyError(
      'held',
      `task ${idOf(task)} is being executed by run ${held.holder} since ${held.record.startedAt ?? 'an unknown time'}`,
      `wait until it has ended, or: after-party cancel ${held.holder}`,
    );
  }
}

/** The run that executes a task, or is about to go on with it. */
async function holderIn(
  ports: ControllerPorts,
  view: LedgerView,
  task: { version: string },
): Promise<{ holder: string; record: TaskRecord } | undefined> {
  const record = view.records.get(versionKey(task.version));
  if (record instanceof Error) throw record;
  if (record === undefined) return undefined;
  const isHeld = record.state === 'running' && leaseEnd(record) >= ports.now();
  const holder = isHeld ? (record.run ?? 'unknown') : await holderBetweenSlices(ports, record);
  return holder === undefined ? undefined : { holder, record };
}

function refuseUnconfirmed(ports: ControllerPorts, view: LedgerView, tasks: readonly ManifestTask[]): void {
  const asking = tasks.flatMap((task) => {
    const { version, name } = task;
    const status = taskStatus(ports, view, { version, name, deployed: task });
    const anew = task.when === 'manual' && status.state === 'succeeded';
    return UNASKED.has(status.state) || anew ? [] : [`${idOf(task)} is ${status.state}`];
  });
  if (asking.length > 0)
    throw new PartyError(
      'confirm',
      `run again what has an outcome? ${asking.join('; ')}`,
      'say so with --yes',
    );
}

function checkIteration(
  { limit, dryRun, fromStart }: Request<'invoke'>,
  tasks: readonly ManifestTask[],
): void {
  if (dryRun && fromStart)
    throw new PartyError(
      'bad-request',
      'a dry run keeps what is recorded, and so cannot begin anew',
      'leave out --from-start or --dry-run',
    );
  const without = tasks.filter((task) => task.iterates === false).map(idOf);
  if (limit !== undefined && without.length > 0)
    throw new PartyError(
      'bad-request',
      `${without.join(' and ')} ${without.length === 1 ? 'goes' : 'go'} through no items, so there is nothing to limit`,
      'leave out --limit',
    );
}

function checkParams(params: Record<string, unknown> | undefined, tasks: readonly ManifestTask[]): void {
  if (params === undefined) return;
  const without = tasks.filter((task) => !task.takesParams).map(idOf);
  if (without.length > 0)
    throw new PartyError(
      'bad-params',
      `${without.join(' and ')} takes no params`,
      'leave out --params, or give the task a params schema',
    );
  const bytes = Buffer.byteLength(JSON.stringify(params));
  if (bytes > PARAMS_LIMIT_BYTES) {
    throw new PartyError(
      'bad-params',
      `the params are ${bytes} bytes, and at most ${PARAMS_LIMIT_BYTES} fit`,
      'put the data in S3 and pass its key',
    );
  }
}
