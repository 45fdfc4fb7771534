import { PartyError } from '../errors.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { settleAbandoned } from './abandoned.ts';
import { withChildren } from './children-status.ts';
import { type LedgerView, readLedger } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { Corrections, RequestOf, TaskStatus } from './requests.ts';
import { findTasks, type KnownTask, knownTasks } from './task-names.ts';
import { taskStatus } from './task-status.ts';

/** What a person may do to a task that nobody executes, and in which states it makes sense. */
const CONTROLS = {
  pause: {
    states: new Set(['pending', 'failed', 'interrupted', 'stale', 'every-deploy']),
    otherwise: () => 'only what waits to be run, or is being executed, can be paused',
  },
  cancel: {
    states: new Set(['pending', 'interrupted', 'paused', 'stale']),
    otherwise: (task: string) => `to have deploys leave it out: npx after-party skip ${task} --reason "..."`,
  },
} as const;

/**
 * Has tasks wait for a person: one that is being executed at its next boundary, any other at once. All are
 * checked before the first is changed.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `wrong-state`, `held`, `damaged-record`
 */
export function pause(ports: ControllerPorts, request: RequestOf<'pause'>): Promise<Corrections> {
  return stop(ports, 'pause', request);
}

/**
 * Ends tasks for good, until a person invokes them again. As `pause` otherwise.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `wrong-state`, `held`, `damaged-record`
 */
export function cancelTask(ports: ControllerPorts, request: RequestOf<'cancel-task'>): Promise<Corrections> {
  return stop(ports, 'cancel', request);
}

/**
 * Sets how many items per second a task may process; one that is being executed obeys at its next checkpoint.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `wrong-state`, `damaged-record`
 */
export async function setRate(ports: ControllerPorts, request: RequestOf<'rate'>): Promise<Corrections> {
  const view = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, view.records, []), request.names);
  for (const task of tasks) {
    readable(view, task);
    if (task.deployed?.iterates === false)
      throw new PartyError(
        'wrong-state',
        `task ${idOf(task)} goes through no items, so it has no rate`,
        'name a task that has items',
      );
    if (!view.records.has(versionKey(task.version)))
      throw new PartyError(
        'wrong-state',
        `task ${idOf(task)} has not run yet, so there is no record to keep a rate in`,
        "set its rate in the task's file, or once it runs",
      );
  }
  const { by, itemsPerSecond } = request;
  for (const { version, name } of tasks) {
    await ports.ledger.tasks.setRate(version, itemsPerSecond);
    ports.log.info('rate set', { version, name, itemsPerSecond, by });
  }
  return statuses(ports, tasks);
}

async function stop(
  ports: ControllerPorts,
  kind: 'pause' | 'cancel',
  request: RequestOf<'pause' | 'cancel-task'>,
): Promise<Corrections> {
  const ledger = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, ledger.records, request.local), request.names);
  const view = await withChildren(ports, ledger, tasks);
  const found = tasks.map((task) => {
    readable(view, task);
    const status = taskStatus(ports, view, task);
    if (status.state !== 'running' && !CONTROLS[kind].states.has(status.state)) throw refusal(kind, status);
    return { task, isRunning: status.state === 'running' };
  });
  const { by, reason } = request;
  const why = reason === undefined ? {} : { reason };
  for (const { task, isRunning } of found) {
    const { version, name } = task;
    const at = new Date(ports.now()).toISOString();
    if (!isRunning) {
      await settleAbandoned(ports, view.records.get(versionKey(version)));
      await ports.ledger.tasks.correct({ kind, version, name, by, ...why }, at);
    } else if (!(await ports.ledger.tasks.requestStop(version, { kind, by, at, ...why })))
      throw refusal(
        kind,
        taskStatus(ports, await withChildren(ports, await readLedger(ports), [task]), task),
      );
    ports.log.info(isRunning ? `${kind} requested` : `${kind} recorded`, { version, name, by, reason });
  }
  return statuses(ports, tasks);
}

function readable(view: LedgerView, { version }: KnownTask): void {
  const record = view.records.get(versionKey(version));
  if (record instanceof Error) throw record;
}

function refusal(kind: 'pause' | 'cancel', status: TaskStatus): PartyError {
  return new PartyError(
    'wrong-state',
    `task ${idOf(status)} is ${status.state}, and cannot be ${kind === 'pause' ? 'paused' : 'cancelled'}`,
    CONTROLS[kind].otherwise(status.name || status.version),
  );
}

async function statuses(ports: ControllerPorts, tasks: readonly KnownTask[]): Promise<Corrections> {
  const view = await withChildren(ports, await readLedger(ports), tasks);
  return { tasks: tasks.map((task) => taskStatus(ports, view, task)) };
}
