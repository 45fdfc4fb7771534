import { isDeepStrictEqual } from 'node:util';
import { PartyError } from '../errors.ts';
import type { TaskRecord } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { checkParams } from './invoke-check.ts';
import { type LedgerView, readLedger } from './ledger-view.ts';
import { isDoneWith, type PausedOrder, pausedOrder } from './paused-order.ts';
import type { ControllerPorts } from './ports.ts';
import type { RequestOf, RunStatus } from './requests.ts';
import { requireDeployed, startAgain, startInvoke } from './start-run.ts';
import { findTasks, type KnownTask, knownTasks } from './task-names.ts';

/**
 * Lets paused tasks go on where they stopped, in a run of their own that is about what was under way: with its params,
 * and of a split task with the same children alone. All is checked before the first task is changed.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `not-deployed`, `wrong-state`, `bad-params`, `bad-request`,
 * `held`, `damaged-record`
 */
export async function resume(ports: ControllerPorts, request: RequestOf<'resume'>): Promise<RunStatus> {
  const { runId, names, local, by, reason } = request;
  const again = await ports.ledger.runs.get(runId);
  if (again !== undefined) return startAgain(ports, again);
  const view = await readLedger(ports);
  const found = findTasks(knownTasks(ports.manifest, view.records, local), names);
  const tasks = found.map((task) => requireDeployed(view, task));
  const paused = found.map((task) => pausedRecord(view, task));
  const order = sharedOrder(await Promise.all(paused.map((record) => pausedOrder(ports, record))));
  checkParams(order.params, tasks);
  for (const { version, name } of tasks) {
    const why = reason === undefined ? {} : { reason };
    const now = new Date(ports.now()).toISOString();
    await ports.ledger.tasks.correct({ kind: 'resume', version, name, by, ...why }, now);
    ports.log.info('resume recorded', { version, name, by, reason });
  }
  if (isDoneWith(order)) return startInvoke(ports, view, [], { runId, by });
  return startInvoke(ports, view, tasks, { runId, by, ...order });
}

function pausedRecord({ records }: LedgerView, task: KnownTask): TaskRecord {
  const record = records.get(versionKey(task.version));
  if (record instanceof Error) throw record;
  if (record?.state === 'paused') return record;
  throw new PartyError(
    'wrong-state',
    `task ${idOf(task)} is ${record?.state ?? 'pending'}, not paused`,
    `to run it now: npx after-party invoke ${task.name || task.version}`,
  );
}

/** One run has one order for all of its tasks. */
function sharedOrder([first = {}, ...others]: readonly PausedOrder[]): PausedOrder {
  if (others.every((other) => first.children === undefined && isDeepStrictEqual(other, first))) return first;
  throw new PartyError(
    'bad-request',
    'the tasks were not asked for with the same params, limit and keys',
    'resume one after the other',
  );
}
