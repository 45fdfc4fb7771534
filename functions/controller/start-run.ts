import { PartyError } from '../errors.ts';
import type { ListedChild } from '../ledger/child-records.ts';
import type { RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import type { Manifest, ManifestTask } from '../manifest.ts';
import { nearestWord } from '../task/nearest-word.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { holderBetweenSlices } from './background.ts';
import { findChildren } from './child-names.ts';
import { isExecuted } from './held.ts';
import { checkInvoke } from './invoke-check.ts';
import { type LedgerView, readLedger } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { RequestOf, RunStatus } from './requests.ts';
import { showRun } from './run-status.ts';
import { pinned, selectPending } from './selection.ts';
import { findTasks, type KnownTask, knownTasks } from './task-names.ts';

/**
 * Runs the named tasks now.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `not-deployed`, `unknown-key`, `wrong-state`, `held`,
 * `confirm`, `bad-request`, `bad-params`, `damaged-record`
 */
export async function invoke(ports: ControllerPorts, request: RequestOf<'invoke'>): Promise<RunStatus> {
  const again = await ports.ledger.runs.get(request.runId);
  if (again !== undefined) return startAgain(ports, again);
  const view = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, view.records, request.local), request.names).map(
    (task) => requireDeployed(view, task),
  );
  const { wanted, children } = await wantedOf(ports, view, request, tasks);
  checkInvoke(ports, view, request, wanted, children);
  const numbers = children?.map(({ number }) => number);
  return startInvoke(ports, view, wanted, { ...request, ...(numbers && { children: numbers }) });
}

/** How tasks are to be run. */
export interface InvokeOrder
  extends Pick<RequestOf<'invoke'>, 'runId' | 'by'>,
    Partial<Pick<RequestOf<'invoke'>, 'params' | 'fromStart' | 'dryRun' | 'limit'>> {
  /** The only children of the only task that are meant, by their numbers. */
  readonly children?: readonly number[];
}

/** Runs tasks of which it has been checked that they can be run so. */
export function startInvoke(
  ports: ControllerPorts,
  view: LedgerView,
  tasks: readonly ManifestTask[],
  { runId, by, params, fromStart, dryRun, limit, children }: InvokeOrder,
): Promise<RunStatus> {
  const selection = tasks.map(
    (task): SelectedTask => ({
      ...pinned(task, ports.manifest, view, ports.config),
      onFailure: 'fail-deploy',
    }),
  );
  const secretParams = [...new Set(tasks.flatMap((task) => task.secretParams))];
  return start(ports, {
    ...newRun(ports, runId, 'invoke', by, selection, view),
    ...(params === undefined ? {} : { params }),
    ...(fromStart === true ? { fromStart } : {}),
    ...(dryRun === true ? { dryRun } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(children === undefined ? {} : { children: [...children] }),
    ...(secretParams.length === 0 ? {} : { secretParams }),
  });
}

/**
 * Runs what is pending, as a deploy would; a background task that is under way is left to its run.
 * @throws PartyError `held`, `damaged-record`
 */
export async function run(ports: ControllerPorts, request: RequestOf<'run'>): Promise<RunStatus> {
  const again = await ports.ledger.runs.get(request.runId);
  if (again !== undefined) return startAgain(ports, again);
  const view = await readLedger(ports);
  const isTagged = taggedWith(ports.manifest, request.tags);
  const pending = selectPending(ports.manifest, view, ports.config, request.all).filter(isTagged);
  const selection = await withoutRunningBackground(ports, view, pending);
  await refuseHeld(ports, view, selection);
  return start(ports, newRun(ports, request.runId, 'run', request.by, selection, view));
}

/**
 * Whether a task has one of the tags; all do where none is asked for.
 * @throws PartyError `unknown-tag`
 */
function taggedWith(
  manifest: Manifest,
  tags: readonly string[],
): (task: Pick<SelectedTask, 'version'>) => boolean {
  const known = [...new Set(manifest.tasks.flatMap((task) => task.tags))].sort();
  const unknown = tags.filter((tag) => !known.includes(tag));
  if (unknown.length > 0) {
    const [first = ''] = unknown;
    const nearest = nearestWord(first, known);
    throw new PartyError(
      'unknown-tag',
      `no deployed task has the tag ${unknown.map((tag) => JSON.stringify(tag)).join(' or ')}${nearest === undefined ? '' : ` (did you mean ${JSON.stringify(nearest)}?)`}`,
      known.length === 0 ? 'give tasks "tags", and deploy them' : `there are: ${known.join(', ')}`,
    );
  }
  const tagged = manifest.tasks.filter((task) => tags.some((tag) => task.tags.includes(tag)));
  const versions = new Set(tagged.map(({ version }) => version));
  return ({ version }) => tags.length === 0 || versions.has(version);
}

/** The tasks, or of one the children, that an `invoke` is about, none of which another run executes. */
async function wantedOf(
  ports: ControllerPorts,
  view: LedgerView,
  { keys, fromStart, ifNotSucceeded }: RequestOf<'invoke'>,
  tasks: readonly ManifestTask[],
): Promise<{ wanted: readonly ManifestTask[]; children?: readonly ListedChild[] }> {
  const isWanted = (record: { readonly succeededAt?: string | undefined } | Error | undefined): boolean =>
    !ifNotSucceeded || record === undefined || record instanceof Error || record.succeededAt === undefined;
  if (keys === undefined) {
    const wanted = tasks.filter((task) => isWanted(view.records.get(versionKey(task.version))));
    await refuseHeld(ports, view, wanted);
    return { wanted };
  }
  if (fromStart)
    throw new PartyError(
      'bad-request',
      '--from-start splits a task anew, so there are no keys yet to choose among',
      'leave out --key; or have one key begin anew: `npx after-party reset TASK --key KEY --reason "..."`, and invoke it then',
    );
  const named = tasks.map((task) => ({ ...task, deployed: task }));
  const found = await findChildren(ports, view, named, keys);
  await refuseHeld(ports, view, tasks);
  for (const { damaged } of found.children) if (damaged !== undefined) throw damaged;
  const children = found.children.filter((child) => child.damaged === undefined && isWanted(child));
  return { wanted: children.length === 0 ? [] : tasks, children };
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

export function requireDeployed(view: LedgerView, task: KnownTask): ManifestTask {
  if (task.deployed !== undefined) return task.deployed;
  const recorded = view.records.has(versionKey(task.version));
  throw new PartyError(
    'not-deployed',
    `task ${idOf(task)} is not in what is deployed: ${recorded ? 'its file was removed, or rolled back with its deploy' : 'it was never deployed, or rolled back with its deploy'}`,
    'deploy it first: npx cdk deploy',
  );
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
      `wait until it has ended, or: npx after-party cancel ${held.holder}`,
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
  const holder = isExecuted(record, ports.now())
    ? (record.run ?? 'unknown')
    : await holderBetweenSlices(ports, record);
  return holder === undefined ? undefined : { holder, record };
}
