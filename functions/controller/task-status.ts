import { isSplit } from '../ledger/fan-out.ts';
import type { RunRecord, TaskRecord, TaskState } from '../ledger/records.ts';
import { compareVersions, versionKey } from '../task/version.ts';
import { isMet } from './after.ts';
import { attemptStatus, progressOfSplit, type StatusView, splitStatus } from './children-status.ts';
import type { LedgerView } from './ledger-view.ts';
import { leaseEnd } from './next-step.ts';
import type { ControllerPorts } from './ports.ts';
import type { TaskDetails, TaskStatus } from './requests.ts';
import { runsHere } from './selection.ts';
import { type KnownTask, knownTasks } from './task-names.ts';

/** States that tell of the code as it was. */
const KEPT: ReadonlySet<TaskState> = new Set([
  ...(['succeeded', 'running', 'fanned-out', 'interrupted', 'paused'] as const),
]);

/** Every task of the manifest and the ledger as people see it, in version order. */
export function statusOf(ports: ControllerPorts, view: StatusView): TaskStatus[] {
  const known = knownTasks(ports.manifest, view.records, []);
  for (const version of view.party?.baselined ?? []) {
    if (!known.has(version)) known.set(version, { version, name: '', deployed: undefined });
  }
  const tasks = [...known.values()].sort((a, b) => compareVersions(a.version, b.version));
  const missing = ({ deployed }: KnownTask): string[] =>
    (deployed?.after ?? []).filter((name) =>
      tasks.some((task) => task.name === name && isAwaited(ports, view, task)),
    );
  let blocker: string | undefined;
  return tasks.map((task) => {
    const status = taskStatus(ports, view, task);
    const awaited = [...(blocker === undefined ? [] : [blocker]), ...missing(task)];
    const before = status.state === 'pending' ? new Set(awaited) : [];
    const behind = [...before].map((name) => `behind:${name}`);
    const blocks =
      task.deployed !== undefined &&
      runsHere(task.deployed, ports.config) &&
      task.deployed.when === 'once' &&
      task.deployed.background !== true;
    const goesOn = (task.deployed?.onFailure ?? ports.config.onFailure) === 'continue';
    if (blocks && !goesOn && /^(failed|in-doubt|damaged)$/.test(status.state)) blocker ??= task.name;
    return behind.length === 0 ? status : { ...status, notes: [...status.notes, ...behind] };
  });
}

/** Whether those that come after the task have to wait for it. */
function isAwaited(ports: ControllerPorts, { records, party }: LedgerView, task: KnownTask): boolean {
  const key = versionKey(task.version);
  const leftOut = task.deployed === undefined || !runsHere(task.deployed, ports.config);
  if (leftOut || party?.baselined?.has(key) === true) return false;
  const record = records.get(key);
  return record instanceof Error || !isMet(record);
}

/** One task as people see it. */
export function taskStatus(ports: ControllerPorts, view: StatusView, task: KnownTask): TaskStatus {
  const key = versionKey(task.version);
  const found = view.records.get(key);
  const record = found instanceof Error ? undefined : found;
  const state = found instanceof Error ? 'damaged' : stateOf(ports, view, task, record);
  const split = record !== undefined && isSplit(record) ? record : undefined;
  const children = view.splits?.get(key);
  const now = ports.now();
  return {
    version: task.version,
    name: task.name,
    description: task.deployed?.description ?? task.name,
    when: task.deployed?.when ?? 'once',
    tags: task.deployed?.tags ?? [],
    background: task.deployed?.background ?? false,
    state,
    notes: [
      ...(found instanceof Error ? [`damaged: ${found.message}`] : []),
      ...notesOf(ports, view, task, record, state),
    ],
    ...attemptStatus(record, now),
    ...(split && children && { progress: progressOfSplit(split, children, now) }),
    split: split === undefined ? null : splitStatus(split, children, now),
    rate: record?.rate ?? null,
    summary: found instanceof Error ? found.message : (record?.summary ?? state),
  };
}

/** One task with its history, its last log lines and the params of its last run. */
export function taskDetails(
  ports: ControllerPorts,
  view: StatusView,
  task: KnownTask,
  run: RunRecord | undefined,
): TaskDetails {
  const found = view.records.get(versionKey(task.version));
  const record = found instanceof Error ? undefined : found;
  const secret = new Set(run?.secretParams ?? []);
  const params = Object.entries(run?.params ?? {}).filter(([name]) => !secret.has(name));
  return {
    ...taskStatus(ports, view, task),
    cursor: record?.cursor ?? null,
    history: record?.history ?? [],
    logs: record?.logs ?? [],
    params: run?.params === undefined ? null : Object.fromEntries(params),
  };
}

function stateOf(
  ports: ControllerPorts,
  { party, splits }: StatusView,
  task: KnownTask,
  record: TaskRecord | undefined,
): string {
  if (record !== undefined && record.state !== 'pending') {
    if (record.state === 'running' && leaseEnd(record) < ports.now()) return 'stale';
    if (record.state === 'fanned-out')
      return splits?.get(versionKey(task.version))?.isUnderWay === false ? 'stale' : 'running';
    const isOver = record.state === 'succeeded' || record.state === 'baselined';
    return isOver && task.deployed?.when === 'every-deploy' ? 'every-deploy' : record.state;
  }
  if (record === undefined && party?.baselined?.has(versionKey(task.version)) === true) return 'baselined';
  if (task.deployed === undefined) return 'pending';
  if (task.deployed.when !== 'once') return task.deployed.when;
  return runsHere(task.deployed, ports.config) ? 'pending' : 'manual';
}

function notesOf(
  ports: ControllerPorts,
  view: LedgerView,
  task: KnownTask,
  record: TaskRecord | undefined,
  state: string,
): string[] {
  const notes: string[] = [];
  const { deployed } = task;
  if (state === 'baselined' && record === undefined && view.party?.newEnvironment === true)
    notes.push('new-environment');
  if (deployed === undefined) notes.push('no-file');
  else {
    if (!runsHere(deployed, ports.config)) notes.push(`only-in:${deployed.environments?.join(',') ?? ''}`);
    const ran = record !== undefined && KEPT.has(record.state) && deployed.when === 'once';
    if (ran && record.checksum !== undefined && record.checksum !== deployed.checksum) notes.push('changed');
  }
  if (state === 'running' && record?.request !== undefined) notes.push(`${record.request.kind}-requested`);
  const { of, count } = (state !== 'succeeded' && record?.children) || {};
  if (of === 'shards' && deployed?.splits === 'shards' && deployed.shards !== count)
    notes.push(`shards-kept:${count}`);
  return notes;
}
