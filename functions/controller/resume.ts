import { PartyError } from '../errors.ts';
import { versionKey } from '../task/version.ts';
import { idOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';
import type { ControllerRequest, RunStatus } from './requests.ts';
import { invoke, readLedger, requireDeployed, startAgain } from './start-run.ts';
import { findTasks, knownTasks } from './task-names.ts';

/**
 * Lets paused tasks go on where they stopped, in a run of their own, with the params that they had.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `not-deployed`, `wrong-state`, `bad-params`, `held`,
 * `damaged-record`
 */
export async function resume(
  ports: ControllerPorts,
  request: Extract<ControllerRequest, { request: 'resume' }>,
): Promise<RunStatus> {
  const { runId, names, local, by, reason } = request;
  const again = await ports.ledger.runs.get(runId);
  if (again !== undefined) return startAgain(ports, again);
  const view = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, view.records, local), names);
  for (const task of tasks) {
    requireDeployed(view, task);
    const record = view.records.get(versionKey(task.version));
    if (record instanceof Error) throw record;
    if (record?.state === 'paused') continue;
    throw new PartyError(
      'wrong-state',
      `task ${idOf(task)} is ${record?.state ?? 'pending'}, not paused`,
      'to run it now: after-party invoke',
    );
  }
  const params = await paramsOf(ports, view, tasks);
  for (const { version, name } of tasks) {
    const why = reason === undefined ? {} : { reason };
    const now = new Date(ports.now()).toISOString();
    await ports.ledger.tasks.correct({ kind: 'resume', version, name, by, ...why }, now);
    ports.log.info('resume recorded', { version, name, by, reason });
  }
  return invoke(ports, {
    v: 1,
    request: 'invoke',
    ...{ runId, names, local, by },
    ...{ ifNotSucceeded: false, confirmed: true, fromStart: false, dryRun: false },
    ...(params === undefined ? {} : { params }),
  });
}

/** What the tasks were told when they were paused; nothing of a secret is kept. */
async function paramsOf(
  ports: ControllerPorts,
  { records }: Awaited<ReturnType<typeof readLedger>>,
  tasks: readonly { version: string; name: string }[],
): Promise<Record<string, unknown> | undefined> {
  const runIds = new Set<string>();
  for (const { version } of tasks) {
    const record = records.get(versionKey(version));
    if (record !== undefined && !(record instanceof Error) && record.lastRun !== undefined)
      runIds.add(record.lastRun);
  }
  const runs = await Promise.all([...runIds].map((runId) => ports.ledger.runs.get(runId)));
  const given = runs.filter((run) => run?.params !== undefined);
  const [only] = given;
  const isKept = runs.length === 1 && (only?.secretParams ?? []).length === 0;
  if (only === undefined || isKept) return only?.params;
  throw new PartyError(
    'bad-params',
    `${tasks.map(idOf).join(' and ')} had params that are not kept, or not the same for all`,
    "give them anew, which resumes the task: after-party invoke TASK --params '{…}'",
  );
}
