import type { ListedRun } from '../ledger/listed-runs.ts';
import type { HistoryEntry, TaskRecord } from '../ledger/records.ts';
import { versionKey } from '../task/version.ts';
import { readLedger } from './ledger-view.ts';
import type { HistoryLine, PartyHistory } from './party-history.ts';
import type { ControllerPorts } from './ports.ts';
import type { RequestOf } from './requests.ts';
import { findTasks, type KnownTask, knownTasks } from './task-names.ts';

/**
 * What was done, newest first: attempts at tasks and corrections by people and, where no task is named, the runs
 * that came to none.
 * @throws PartyError `unknown-task`, `ambiguous-task`
 */
export async function history(
  ports: ControllerPorts,
  { names, local, limit }: RequestOf<'history'>,
): Promise<PartyHistory> {
  const [{ records }, listed] = await Promise.all([readLedger(ports), ports.ledger.runs.list()]);
  const known = knownTasks(ports.manifest, records, local);
  const tasks = names === undefined ? [...known.values()] : findTasks(known, names);
  const damaged: Error[] = listed.filter((run) => run instanceof Error);
  const runs = new Map(listed.flatMap((run) => (run instanceof Error ? [] : [[run.runId, run]])));
  const attempts = tasks.flatMap((task) => {
    const record = records.get(versionKey(task.version));
    if (record instanceof Error) damaged.push(record);
    return record === undefined || record instanceof Error
      ? []
      : entriesOf(record).map((entry) => taskLine(task, entry, runs));
  });
  const withAttempts = new Set(attempts.map(({ runId }) => runId));
  const others =
    names === undefined ? [...runs.values()].filter(({ runId }) => !withAttempts.has(runId)) : [];
  const entries = [...attempts, ...others.map(runLine)].sort(newestFirst);
  return {
    entries: entries.slice(0, limit),
    more: Math.max(0, entries.length - limit),
    damaged: damaged.map(({ message }) => message),
  };
}

function newestFirst(a: HistoryLine, b: HistoryLine): number {
  return a.at === b.at ? 0 : a.at < b.at ? 1 : -1;
}

/** The attempts that are over, and the one that is not. */
function entriesOf(record: TaskRecord): HistoryEntry[] {
  const { state, attempt, startedAt, run, history } = record;
  const isUnderWay = (state === 'running' || state === 'fanned-out') && startedAt !== undefined;
  return isUnderWay
    ? [...history, { attempt, state: 'running', at: startedAt, startedAt, ...(run && { run }) }]
    : history;
}

function taskLine(
  { version, name }: KnownTask,
  entry: HistoryEntry,
  runs: ReadonlyMap<string, ListedRun>,
): HistoryLine {
  const run = entry.run === undefined ? undefined : runs.get(entry.run);
  const isOver = entry.state !== 'running';
  return {
    at: entry.at,
    version,
    name,
    attempt: entry.attempt,
    state: entry.state,
    startedAt: entry.startedAt ?? null,
    durationMs:
      entry.startedAt === undefined || !isOver ? null : Date.parse(entry.at) - Date.parse(entry.startedAt),
    runId: entry.run ?? null,
    trigger: run?.trigger ?? null,
    deployId: run?.deployId ?? null,
    by: entry.by ?? (run?.trigger === 'deploy' ? null : (run?.by ?? null)),
    error: entry.error ?? null,
    reason: entry.reason ?? null,
  };
}

/** A run that came to no task: nothing was pending, or nothing could be started. */
function runLine(run: ListedRun): HistoryLine {
  const { runId, trigger, deployId, by, state, startedAt, finishedAt, outcome } = run;
  return {
    ...{ at: finishedAt ?? startedAt, version: null, name: null, attempt: null, state, startedAt },
    durationMs: finishedAt === undefined ? null : Date.parse(finishedAt) - Date.parse(startedAt),
    ...{ runId, trigger, deployId: deployId ?? null },
    by: trigger === 'deploy' ? null : by,
    error: null,
    reason: outcome ?? null,
  };
}
