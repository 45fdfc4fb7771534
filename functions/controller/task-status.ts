import type { RunRecord, TaskRecord } from '../ledger/records.ts';
import { compareVersions, versionKey } from '../task/version.ts';
import { leaseEnd } from './next-step.ts';
import { duration } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';
import type { TaskDetails, TaskStatus } from './requests.ts';
import { type LedgerView, runsHere } from './selection.ts';
import { type KnownTask, knownTasks } from './task-names.ts';

/** Every task of the manifest and the ledger as people see it, in version order. */
export function statusOf(ports: ControllerPorts, view: LedgerView): TaskStatus[] {
  const known = knownTasks(ports.manifest, view.records, []);
  for (const version of view.party?.baselined ?? []) {
    if (!known.has(version)) known.set(version, { version, name: '', deployed: undefined });
  }
  const tasks = [...known.values()].sort((a, b) => compareVersions(a.version, b.version));
  let blocker: string | undefined;
  return tasks.map((task) => {
    const status = taskStatus(ports, view, task);
    const behind = status.state === 'pending' && blocker !== undefined ? [`behind:${blocker}`] : [];
    const blocks =
      task.deployed !== undefined && runsHere(task.deployed, ports.config) && task.deployed.when === 'once';
    const goesOn = (task.deployed?.onFailure ?? ports.config.onFailure) === 'continue';
    if (blocks && !goesOn && /^(failed|in-doubt|damaged)$/.test(status.state)) blocker ??= task.name;
    return behind.length === 0 ? status : { ...status, notes: [...status.notes, ...behind] };
  });
}

/** One task as people see it. */
export function taskStatus(ports: ControllerPorts, view: LedgerView, task: KnownTask): TaskStatus {
  const found = view.records.get(versionKey(task.version));
  const record = found instanceof Error ? undefined : found;
  const state = found instanceof Error ? 'damaged' : stateOf(ports, view, task, record);
  const milliseconds = record === undefined ? undefined : duration(record);
  return {
    version: task.version,
    name: task.name,
    description: task.deployed?.description ?? task.name,
    when: task.deployed?.when ?? 'once',
    state,
    notes: [
      ...(found instanceof Error ? [`damaged: ${found.message}`] : []),
      ...notesOf(ports, view, task, record, state),
    ],
    attempt: record?.attempt ?? 0,
    lastRun: record?.run ?? record?.lastRun ?? null,
    startedAt: record?.startedAt ?? null,
    finishedAt: record?.finishedAt ?? null,
    durationMs: milliseconds ?? null,
    result: record?.result ?? null,
    error: record?.error ?? null,
    reason: record?.reason ?? null,
    summary: found instanceof Error ? found.message : (record?.summary ?? state),
  };
}

/** One task with its history, its last log lines and the params of its last run. */
export function taskDetails(
  ports: ControllerPorts,
  view: LedgerView,
  task: KnownTask,
  run: RunRecord | undefined,
): TaskDetails {
  const found = view.records.get(versionKey(task.version));
  const record = found instanceof Error ? undefined : found;
  const secret = new Set(run?.secretParams ?? []);
  const params = Object.entries(run?.params ?? {}).filter(([name]) => !secret.has(name));
  return {
    ...taskStatus(ports, view, task),
    history: record?.history ?? [],
    logs: record?.logs ?? [],
    params: run?.params === undefined ? null : Object.fromEntries(params),
  };
}

function stateOf(
  ports: ControllerPorts,
  { party }: LedgerView,
  task: KnownTask,
  record: TaskRecord | undefined,
): string {
  if (record !== undefined && record.state !== 'pending') {
    if (record.state === 'running' && leaseEnd(record) < ports.now()) return 'stale';
    return record.state === 'succeeded' && task.deployed?.when === 'every-deploy'
      ? 'every-deploy'
      : record.state;
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
  if (state === 'baselined' && view.party?.newEnvironment === true) notes.push('new-environment');
  if (deployed === undefined) notes.push('no-file');
  else {
    if (!runsHere(deployed, ports.config)) notes.push(`only-in:${deployed.environments?.join(',') ?? ''}`);
    const ran = record?.state === 'succeeded' && deployed.when === 'once';
    if (ran && record.checksum !== undefined && record.checksum !== deployed.checksum) notes.push('changed');
  }
  return notes;
}
