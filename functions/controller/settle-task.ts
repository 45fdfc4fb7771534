import { isPartyError, PartyError } from '../errors.ts';
import type { AttemptRecords } from '../ledger/attempt-records.ts';
import { claimOf } from '../ledger/claim.ts';
import type { RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import type { DecideMessage } from '../workflow-messages.ts';
import { brokenOff } from './crash.ts';
import { hasYielded } from './next-step.ts';
import type { ControllerPorts } from './ports.ts';

/**
 * Records that an invocation ended without a word.
 * @param records where the record is: a task's by default, or a child's
 * @throws PartyError `damaged-record`
 */
export async function settle(
  ports: ControllerPorts,
  run: RunRecord,
  task: SelectedTask,
  record: TaskRecord,
  reason: string,
  records: AttemptRecords = ports.ledger.tasks,
): Promise<void> {
  const claim = claimOf(record);
  if (claim === undefined) {
    throw new PartyError(
      'damaged-record',
      `the record of task ${idOf(task)} says running, but not by which run and owner`,
      `make it pending again: npx after-party reset ${task.version} --reason "..."`,
    );
  }
  const now = new Date(ports.now()).toISOString();
  const isDryRun = record.run === run.runId && run.dryRun === true;
  if (isDryRun) await records.finishDryRun(claim, { state: 'failed', reason }, now);
  else await records.finish(claim, brokenOff(task, record, reason), now);
}

/** Whoever cancels a run means its tasks, also one that waits for its next invocation. */
export async function cancelYielded(
  ports: ControllerPorts,
  run: RunRecord,
  records: ReadonlyMap<string, TaskRecord>,
): Promise<void> {
  const { request } = run;
  if (request?.cause !== 'person') return;
  const { by, reason } = request;
  for (const { version, name } of run.selection ?? []) {
    const record = records.get(versionKey(version));
    if (record === undefined || !hasYielded(record) || record.lastRun !== run.runId) continue;
    const now = new Date(ports.now()).toISOString();
    try {
      await ports.ledger.tasks.correct({ kind: 'cancel', version, name, by, reason }, now);
    } catch (error) {
      if (!isPartyError(error) || error.code !== 'held') throw error;
      ports.log.info('not cancelled: another run goes on with it', { run: run.runId, version, name });
    }
  }
}

/** Why nothing goes on with a task whose file somebody has removed. */
export const NO_FILE = 'no-file: the task is no longer in what is deployed';

/** Whoever removed the file of a task that was under way finds it in the ledger, with its cursor. */
export async function noteMissing(
  ports: ControllerPorts,
  records: ReadonlyMap<string, TaskRecord>,
  report: DecideMessage['state']['report'],
): Promise<void> {
  const record = report?.missing === undefined ? undefined : records.get(versionKey(report.missing));
  if (record?.state !== 'interrupted') return;
  const now = new Date(ports.now()).toISOString();
  await ports.ledger.tasks.orphan(record.version, NO_FILE, now);
}
