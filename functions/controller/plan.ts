import type { SelectedTask } from '../ledger/records.ts';
import type { ManifestTask } from '../manifest.ts';
import { versionKey } from '../task/version.ts';
import { withChildren } from './children-status.ts';
import type { DeployPlan, LeftOutTask, PlannedTask } from './deploy-plan.ts';
import { readLedger } from './ledger-view.ts';
import { partyOf } from './party-of.ts';
import { foresee, type Step } from './plan-steps.ts';
import type { ControllerPorts } from './ports.ts';
import type { RequestOf, TaskStatus } from './requests.ts';
import { runsHere, selectDeploy } from './selection.ts';
import { statusOf } from './task-status.ts';

/**
 * What the next deploy would run, were it one of these tasks: by the rule of a deploy, on the ledger as it is.
 * @throws PartyError `bad-manifest`, `too-many-tasks`, `damaged-record` of the party
 */
export async function plan(ports: ControllerPorts, request: RequestOf<'plan'>): Promise<DeployPlan> {
  const manifest = { v: 1 as const, tasks: request.tasks };
  const view = await withChildren(ports, await readLedger(ports));
  const { blocking, background } = selectDeploy(manifest, view, ports.config);
  const steps = foresee({ blocking, background }, view, ports.now());
  const deployed = new Set(ports.manifest.tasks.map(({ version }) => versionKey(version)));
  const statuses = statusOf({ ...ports, manifest }, view).map((task) => withoutForesight(task, deployed));
  const byVersion = new Map(statuses.map((task) => [versionKey(task.version), task]));
  const planned = (tasks: readonly SelectedTask[]): PlannedTask[] =>
    tasks.flatMap(({ version }) => {
      const task = byVersion.get(versionKey(version));
      const step = steps.get(versionKey(version));
      return task === undefined || step === undefined || step.does === 'leave'
        ? []
        : [{ ...shown(task), attempt: task.attempt, does: step.does, why: step.why }];
    });
  const files = new Map(manifest.tasks.map((task) => [versionKey(task.version), task]));
  const leftOut = statuses.flatMap((task) => {
    const key = versionKey(task.version);
    const why = whyLeftOut(ports, task, files.get(key), steps.get(key));
    return why === undefined ? [] : [{ ...shown(task), ...why }];
  });
  const listed = { once: blocking.filter(isOnce), everyDeploy: blocking.filter((task) => !isOnce(task)) };
  const lists = {
    blocking: planned(listed.once),
    everyDeploy: planned(listed.everyDeploy),
    background: planned(background),
    leftOut,
  };
  const named = new Set(Object.values(lists).flatMap((tasks) => tasks.map(({ version }) => version)));
  return {
    ...partyOf(ports, view),
    ...lists,
    settled: statuses.filter(({ version }) => !named.has(version)).length,
  };
}

function isOnce({ when }: SelectedTask): boolean {
  return when === 'once';
}

/** What the steps say of the order is not said twice. */
function withoutForesight(task: TaskStatus, deployed: ReadonlySet<string>): TaskStatus {
  const notes = task.notes.filter((note) => !note.startsWith('behind:'));
  const isNew = !deployed.has(versionKey(task.version)) && !notes.includes('no-file');
  return { ...task, notes: isNew ? [...notes, 'not-deployed'] : notes };
}

function shown({ version, name, description, when, background, state, notes }: TaskStatus) {
  return { version, name, description, when, background, state, notes };
}

const SETTLED: ReadonlySet<string> = new Set(['succeeded', 'baselined']);
const DISMISSED: ReadonlySet<string> = new Set(['skipped', 'cancelled']);

/** Why the deploy does not run the task; undefined where it does, or where there is nothing to say of it. */
function whyLeftOut(
  { config }: ControllerPorts,
  task: TaskStatus,
  file: ManifestTask | undefined,
  step: Step | undefined,
): Pick<LeftOutTask, 'because' | 'why'> | undefined {
  if (step !== undefined) return step.does === 'leave' ? { because: step.because, why: step.why } : undefined;
  const reason = task.reason === null || task.reason === '' ? null : `"${task.reason}"`;
  if (DISMISSED.has(task.state)) return { because: task.state, why: reason };
  if (file === undefined)
    return SETTLED.has(task.state)
      ? undefined
      : { because: 'no-file', why: `it is ${task.state}, and its file is not in tasks/` };
  if (file.when === 'manual') return { because: 'manual', why: null };
  if (!runsHere(file, config))
    return { because: 'environments', why: `only in ${file.environments?.join(', ') || 'none'}` };
  return task.notes.includes('changed')
    ? { because: 'changed', why: `it is ${task.state}, and its file has changed since; reset runs it again` }
    : undefined;
}
