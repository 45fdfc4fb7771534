import { isSplit } from '../ledger/fan-out.ts';
import type { RunRecord } from '../ledger/records.ts';
import { versionKey } from '../task/version.ts';
import { backgroundRunId } from './background.ts';
import { childStatus, withChildren } from './children-status.ts';
import { type LedgerView, readLedger } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { ChildStatus, RunStatus } from './requests.ts';
import { knownTasks } from './task-names.ts';
import { taskStatus } from './task-status.ts';

/**
 * The run and its tasks as they stand.
 * @throws PartyError `unknown-run`, `damaged-record`
 */
export async function showRun(ports: ControllerPorts, runId: string): Promise<RunStatus> {
  return runStatus(ports, await ports.ledger.runs.require(runId));
}

export async function runStatus(ports: ControllerPorts, record: RunRecord): Promise<RunStatus> {
  const selection = record.selection ?? [];
  const ledger = await readLedger(ports);
  const view = await withChildren(ports, ledger, selection);
  const known = knownTasks(ports.manifest, view.records, selection);
  return {
    runId: record.runId,
    state: record.state,
    trigger: record.trigger,
    by: record.by,
    outcome: record.answer?.text ?? null,
    dryRun: record.dryRun ?? false,
    background:
      record.commit === 'started'
        ? (record.background ?? []).map(({ version }) => backgroundRunId(record.runId, version))
        : [],
    tasks: selection.flatMap((task) => {
      const found = known.get(versionKey(task.version));
      return found === undefined ? [] : [taskStatus(ports, view, found)];
    }),
    children: await chosenChildren(ports, record, ledger),
  };
}

/** The only children that a run executes, as they stand. */
async function chosenChildren(
  ports: ControllerPorts,
  { children: numbers, selection }: RunRecord,
  { records }: LedgerView,
): Promise<ChildStatus[]> {
  const [task] = selection ?? [];
  const record = task && records.get(versionKey(task.version));
  if (numbers === undefined || record === undefined || record instanceof Error || !isSplit(record)) return [];
  const all = await ports.ledger.children(record.version).list(record.children);
  return all.filter(({ number }) => numbers.includes(number)).map((child) => childStatus(child, ports.now()));
}
