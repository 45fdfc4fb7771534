import { isPartyError, type PartyError } from '../errors.ts';
import type { RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import { childName, FOLLOWS_CHILDREN, whyText } from './children-outcome.ts';
import { dryRunEntry, hasChosen, standingInOwnRun } from './next-step.ts';
import type { End } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';

type Named = { readonly number: number; readonly record: TaskRecord | PartyError | undefined };

/**
 * How a run ends whose only children a person chose: by them alone, since its task is judged by all of its children.
 */
export async function endOfChosen(
  ports: ControllerPorts,
  run: RunRecord,
  task: SelectedTask,
  record: TaskRecord | undefined,
): Promise<End> {
  if (!hasChosen(run, record)) {
    const reason = `the chosen children of task ${idOf(task)} are no longer there: it was split anew, or reset`;
    return { because: 'unstartable', reason };
  }
  const chosen = await Promise.all((run.children ?? []).map((number) => read(ports, task, number)));
  const failed = chosen.filter((child) => failure(child, run) !== undefined);
  const [first] = failed;
  const what = run.dryRun === true ? 'the dry run of ' : '';
  const [only] = chosen.length === 1 ? chosen : [];
  const which = `${what}${only === undefined ? `${chosen.length} children` : nameOf(only)} of task ${idOf(task)}`;
  if (first === undefined) {
    // What a person has said of the task says nothing of its other children.
    const tells = run.dryRun !== true && FOLLOWS_CHILDREN.has(record.state) && record.state !== 'succeeded';
    const rest = tells ? record.reason : undefined;
    const left = chosen.filter((child) => stateOf(child, run) !== 'succeeded');
    const head = endText(which, chosen, left, run);
    return { because: 'chosen', failed: false, head: rest ? `${head}; of all, ${rest}` : head };
  }
  const why = failure(first, run);
  const head =
    only === undefined
      ? `${failed.length} of ${which} failed: ${nameOf(first)}: ${why}`
      : `${which} failed: ${why}`;
  return { because: 'chosen', failed: true, head };
}

function endText(which: string, chosen: readonly Named[], left: readonly Named[], run: RunRecord): string {
  const [first] = left;
  if (first === undefined) return `${which} succeeded`;
  if (chosen.length === 1) return `${which} ${stateOf(first, run)}`;
  return `${chosen.length - left.length} of ${which} succeeded, and ${nameOf(first)} ${stateOf(first, run)}`;
}

async function read(ports: ControllerPorts, { version }: SelectedTask, number: number): Promise<Named> {
  try {
    return { number, record: await ports.ledger.children(version).at(number).get(version) };
  } catch (error) {
    if (!isPartyError(error)) throw error;
    return { number, record: error };
  }
}

/** Why a child counts as failed in a run; undefined where it does not. */
function failure({ record }: Named, run: RunRecord): string | undefined {
  if (record === undefined) return 'it is missing in the ledger';
  if (record instanceof Error) return record.message;
  if (run.dryRun === true) {
    const entry = dryRunEntry(record, run);
    if (entry === undefined) return 'it was not executed';
    return entry.state === 'dry run: succeeded' ? undefined : (entry.error ?? entry.reason ?? entry.state);
  }
  if (record.state === 'succeeded') return undefined;
  if (record.lastRun !== run.runId) return 'it was not executed';
  return standingInOwnRun(record, run) === 'done' ? undefined : whyText(record);
}

function nameOf({ number, record }: Named): string {
  return childName(number, record instanceof Error ? undefined : record?.key);
}

function stateOf({ record }: Named, run: RunRecord): string {
  if (record === undefined || record instanceof Error) return 'is damaged';
  return run.dryRun === true || record.state === 'succeeded' ? 'succeeded' : `is ${record.state}`;
}
