import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { settleAbandoned } from './abandoned.ts';
import { withChildren } from './children-status.ts';
import { beingExecuted, isExecuted } from './held.ts';
import { readLedger } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { Corrections, RequestOf } from './requests.ts';
import { findTasks, knownTasks } from './task-names.ts';
import { taskStatus } from './task-status.ts';

/**
 * Corrects the ledger, audited. All names are checked, and none may be held, before the first is changed.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `held`, `damaged-record`
 */
export async function correct(
  ports: ControllerPorts,
  request: RequestOf<'skip' | 'mark-done' | 'reset'>,
): Promise<Corrections> {
  const view = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, view.records, request.local), request.names);
  for (const task of tasks) {
    const record = view.records.get(versionKey(task.version));
    if (record instanceof Error && request.request !== 'reset') throw record;
    if (record !== undefined && !(record instanceof Error) && isExecuted(record, ports.now()))
      throw beingExecuted(`task ${idOf(task)}`, record.run);
    await settleAbandoned(ports, record);
  }
  const { by, reason } = request;
  for (const { version, name } of tasks) {
    const now = new Date(ports.now()).toISOString();
    if (request.request === 'reset' && view.party?.baselined?.has(versionKey(version)) === true) {
      await ports.ledger.party.forgetBaselined(version);
    }
    await ports.ledger.tasks.correct({ kind: request.request, version, name, by, reason }, now);
    ports.log.info('ledger corrected', { version, name, correction: request.request, by, reason });
  }
  const after = await withChildren(ports, await readLedger(ports), tasks);
  return { tasks: tasks.map((task) => taskStatus(ports, after, task)) };
}
