import { isPartyError } from '../errors.ts';
import { isSplit } from '../ledger/fan-out.ts';
import { idOf } from '../task/task-id.ts';
import { findChildren, type NamedChildren } from './child-names.ts';
import { childName, FOLLOWS_CHILDREN } from './children-outcome.ts';
import { childStatus, withChildren } from './children-status.ts';
import { outcomeOfTask } from './fan-out.ts';
import { beingExecuted, isExecuted } from './held.ts';
import { readLedger } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { Corrections, RequestOf } from './requests.ts';
import { findTasks, knownTasks } from './task-names.ts';
import { taskStatus } from './task-status.ts';

type Request = RequestOf<'mark-done' | 'reset'>;

/**
 * Corrects children of one task, audited in their histories, and then what the task has come to. None may be held
 * before the first is changed. Broken off, it is made whole by asking again, or by the next run.
 * @throws PartyError as `findChildren`, and `held`
 */
export async function correctChildren(
  ports: ControllerPorts,
  request: Request,
  keys: readonly string[],
): Promise<Corrections> {
  const { request: kind, by, reason } = request;
  const view = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, view.records, request.local), request.names);
  const named = await findChildren(ports, view, tasks, keys);
  refuseExecuted(ports, named);
  const { version, name } = named.task;
  for (const child of named.children) {
    const now = new Date(ports.now()).toISOString();
    const correction = { kind, version, name, by, reason };
    await ports.ledger.children(version).at(child.number).correct(correction, now);
    await correctTask(ports, named, nameOf(child), request);
    ports.log.info('ledger corrected', { version, name, child: child.number, correction: kind, by, reason });
  }
  const after = await withChildren(ports, await readLedger(ports), [named.task]);
  const numbers = new Set(named.children.map(({ number }) => number));
  const all = await ports.ledger.children(version).list(named.record.children);
  return {
    tasks: [taskStatus(ports, after, named.task)],
    children: all.filter(({ number }) => numbers.has(number)).map((child) => childStatus(child, ports.now())),
  };
}

function refuseExecuted(ports: ControllerPorts, { task, children }: NamedChildren): void {
  for (const child of children) {
    if (child.damaged === undefined && isExecuted(child, ports.now()))
      throw beingExecuted(`${nameOf(child)} of task ${idOf(task)}`, child.run);
  }
}

function nameOf(child: NamedChildren['children'][number]): string {
  return childName(child.number, child.key);
}

/** Where no run sees to its children, a task has come to what they have come to. */
async function correctTask(
  ports: ControllerPorts,
  { task: { version, name } }: NamedChildren,
  child: string,
  { request: kind, by, reason }: Request,
): Promise<void> {
  const { tasks } = ports.ledger;
  for (;;) {
    const task = await tasks.get(version);
    if (task === undefined || !isSplit(task) || !FOLLOWS_CHILDREN.has(task.state)) return;
    const children = await ports.ledger.children(version).standings(task.children);
    const outcome = await outcomeOfTask(ports, task, children);
    if (outcome.state === task.state && outcome.reason === task.reason) return;
    const now = new Date(ports.now()).toISOString();
    try {
      const correction = { kind, version, name, by, reason, child: { name: child, outcome, task } };
      await tasks.correct(correction, now);
      return;
    } catch (error) {
      // Somebody else has changed it meanwhile: it may have come to something else.
      if (!isPartyError(error) || error.code !== 'held') throw error;
    }
  }
}
