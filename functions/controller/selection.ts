import { PartyError } from '../errors.ts';
import type { EarlierTask, SelectedTask } from '../ledger/records.ts';
import type { Manifest, ManifestTask } from '../manifest.ts';
import { idOf } from '../task/task-id.ts';
import { compareVersions, versionKey } from '../task/version.ts';
import type { LedgerView } from './ledger-view.ts';
import type { PartyConfig } from './ports.ts';

const SELECTION_LIMIT_BYTES = 350_000;

/** What of the party's settings says which tasks are run. */
export type SelectionConfig = Pick<PartyConfig, 'environmentName' | 'onFailure' | 'newEnvironment'>;

/** What a deploy waits for: what has not run yet, in version order, then the tasks of every deploy. */
export function selectForDeploy(
  manifest: Manifest,
  view: LedgerView,
  config: SelectionConfig,
): SelectedTask[] {
  return dueInDeploy(manifest, view, config, false);
}

/** What a deploy starts after its commit. */
export function selectBackground(
  manifest: Manifest,
  view: LedgerView,
  config: SelectionConfig,
): SelectedTask[] {
  return dueInDeploy(manifest, view, config, true);
}

/**
 * All that a deploy has to do.
 * @throws PartyError `too-many-tasks`, `bad-manifest`
 */
export function selectDeploy(
  ...party: Parameters<typeof selectForDeploy>
): Record<'blocking' | 'background', SelectedTask[]> {
  const selected = { blocking: selectForDeploy(...party), background: selectBackground(...party) };
  withinOneRun([...selected.blocking, ...selected.background]);
  return selected;
}

function dueInDeploy(
  manifest: Manifest,
  view: LedgerView,
  config: SelectionConfig,
  background: boolean,
): SelectedTask[] {
  const tasks = inOrder(manifest).filter(
    (task) => runsHere(task, config) && (task.background === true) === background,
  );
  const pending = tasks.filter((task) => task.when === 'once' && isDue(task, view));
  const always = tasks.filter((task) => task.when === 'every-deploy' && !isDismissed(task, view));
  return withinOneRun([...pending, ...always].map((task) => pinned(task, manifest, view, config)));
}

/** What `run` executes: what is pending and, if asked, the manual tasks that have not succeeded. */
export function selectPending(
  manifest: Manifest,
  view: LedgerView,
  config: SelectionConfig,
  manualToo: boolean,
): SelectedTask[] {
  const tasks = inOrder(manifest)
    .filter((task) => (task.when === 'once' ? runsHere(task, config) : task.when === 'manual' && manualToo))
    .filter((task) => isDue(task, view))
    .map((task) => pinned(task, manifest, view, config));
  return withinOneRun(tasks);
}

/** The run's item holds what it selected, and DynamoDB takes items of at most 400 KB. */
function withinOneRun(tasks: SelectedTask[]): SelectedTask[] {
  if (Buffer.byteLength(JSON.stringify(tasks)) <= SELECTION_LIMIT_BYTES) return tasks;
  throw new PartyError(
    'too-many-tasks',
    `${tasks.length} tasks are pending, more than one run can hold`,
    'record the old ones as done first: `npx after-party baseline --until TASK --reason "..."`, or newEnvironment "baseline" for a new environment',
  );
}

/** The tasks that a new environment records instead of running them. */
export function selectBaseline(manifest: Manifest, config: SelectionConfig): string[] {
  return manifest.tasks
    .filter((task) => task.when === 'once' && (task.newEnvironment ?? config.newEnvironment) === 'baseline')
    .map((task) => task.version);
}

/**
 * A task as a run keeps it.
 * @throws PartyError `bad-manifest` where it is after what is no task
 */
export function pinned(
  task: ManifestTask,
  manifest: Manifest,
  view: LedgerView,
  config: SelectionConfig,
): SelectedTask {
  const { version, name, when, delivery, splits } = task;
  const after = earlierTasks(task, manifest, view, config);
  return {
    version,
    name,
    when,
    // Splitting a task has no effect of its own, so it may be repeated.
    ...(splits === undefined ? { delivery } : { delivery: 'at-least-once', childDelivery: delivery }),
    onFailure: task.onFailure ?? config.onFailure,
    ...(after.length === 0 ? {} : { after }),
  };
}

/**
 * What must have succeeded before a task runs: what its `after` names, but for what deploys of this environment
 * leave out and what a new environment has recorded instead of running it.
 */
function earlierTasks(
  task: ManifestTask,
  manifest: Manifest,
  { party }: LedgerView,
  config: SelectionConfig,
): EarlierTask[] {
  return (task.after ?? []).flatMap((name) => {
    const earlier = manifest.tasks.find((other) => other.name === name);
    if (earlier === undefined) {
      throw new PartyError(
        'bad-manifest',
        `task ${idOf(task)} is after ${JSON.stringify(name)}, and there is no such task`,
        'deploy again with one version of after-party for the construct and the CLI',
      );
    }
    const version = versionKey(earlier.version);
    if (!runsHere(earlier, config) || party?.baselined?.has(version) === true) return [];
    return [{ version: earlier.version, name }];
  });
}

/** Whether deploys of this environment run the task. */
export function runsHere(task: ManifestTask, config: SelectionConfig): boolean {
  return task.environments === undefined || task.environments.includes(config.environmentName);
}

export function inOrder(manifest: Manifest): ManifestTask[] {
  return [...manifest.tasks].sort((a, b) => compareVersions(a.version, b.version));
}

/** Whether nothing settles the task: pending is what is selected minus what is recorded. */
export function isDue(task: Pick<ManifestTask, 'version'>, { records, party }: LedgerView): boolean {
  const key = versionKey(task.version);
  const record = records.get(key);
  if (record === undefined) return party?.baselined?.has(key) !== true;
  if (record instanceof Error) return true;
  if (record.state === 'in-doubt') return true;
  const isSettled = record.succeededAt !== undefined || record.state === 'baselined';
  return !isDismissed(task, { records, party }) && !isSettled;
}

/** Whether a person has said that deploys shall not run it. */
function isDismissed(task: Pick<ManifestTask, 'version'>, { records }: LedgerView): boolean {
  const record = records.get(versionKey(task.version));
  return (
    record !== undefined &&
    !(record instanceof Error) &&
    (record.state === 'skipped' || record.state === 'cancelled')
  );
}
