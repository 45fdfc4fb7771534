import { PartyError } from '../errors.ts';
import { idOf } from '../task/task-id.ts';
import { compareVersions, versionKey } from '../task/version.ts';
import { settleAbandoned } from './abandoned.ts';
import { beingExecuted, isExecuted } from './held.ts';
import { type LedgerView, readLedger } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { Baseline, BaselinedTask, RefusalCode, RequestOf } from './requests.ts';
import { isDue, runsHere } from './selection.ts';
import { findTasks, type KnownTask, knownTasks } from './task-names.ts';
import { taskStatus } from './task-status.ts';

type BaselineRequest = RequestOf<'baseline'>;

const WRITES_AT_ONCE = 16;
const NAMED = 200;

/**
 * Records tasks as done before the party came to know them; none is executed. What has an outcome keeps it, so it
 * can be repeated. All are checked before the first is written.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `unknown-versions`, `held`, `damaged-record`, `bad-request`
 */
export async function baseline(ports: ControllerPorts, request: BaselineRequest): Promise<Baseline> {
  const view = await readLedger(ports);
  const known = knownTasks(ports.manifest, view.records, request.local);
  const tasks = chosen(ports, view, known, request);
  for (const task of tasks) await refuseHeld(ports, view, task);
  const due = tasks.filter((task) => isOpen(view, task));
  const before = new Map(tasks.map((task) => [task.version, taskStatus(ports, view, task).state]));
  const was = ({ version }: KnownTask): string => before.get(version) ?? 'pending';
  for (const task of due) await settleAbandoned(ports, view.records.get(versionKey(task.version)));
  await record(ports, due, request);
  const isWritten = new Set(due);
  return {
    tasks: due.map((task) => ({ ...named(task), state: 'baselined', was: was(task) })),
    left: tasks.filter((task) => !isWritten.has(task)).map((task) => ({ ...named(task), state: was(task) })),
    pending: await pendingIn(ports, request),
  };
}

function named({ version, name }: KnownTask): { version: string; name: string } {
  return { version, name };
}

/** What the next deploy would still run, also of what is not deployed yet. */
async function pendingIn(ports: ControllerPorts, { local }: BaselineRequest): Promise<BaselinedTask[]> {
  const view = await readLedger(ports);
  const files = knownTasks(ports.manifest, new Map(), local);
  return inOrder([...files.values()])
    .filter((task) => isRunByDeploys(ports, task) && isDue(task, view))
    .map((task) => ({ ...named(task), state: taskStatus(ports, view, task).state }));
}

function chosen(
  ports: ControllerPorts,
  view: LedgerView,
  known: ReadonlyMap<string, KnownTask>,
  { until, versions, allowUnknown }: BaselineRequest,
): KnownTask[] {
  if (until !== undefined && versions === undefined) {
    const [last] = findTasks(known, [until]);
    return inOrder([...known.values()]).filter(
      (task) =>
        last !== undefined && compareVersions(task.version, last.version) <= 0 && isRunByDeploys(ports, task),
    );
  }
  if (versions === undefined || until !== undefined)
    throw new PartyError('bad-request', 'a baseline takes either a last task or a list of versions');
  const listed = new Map(versions.map((version) => [versionKey(version), version]));
  const strange = [...listed].flatMap(([key, version]) =>
    known.has(key) || view.party?.baselined?.has(key) === true ? [] : [version],
  );
  if (strange.length > 0 && !allowUnknown) throw unknownVersions(strange, listed.size);
  return inOrder(
    [...listed].map(([key, version]) => known.get(key) ?? { version, name: '', deployed: undefined }),
  );
}

function unknownVersions(versions: readonly string[], of: number): PartyError {
  const more = versions.length > NAMED ? ` and ${versions.length - NAMED} more` : '';
  return new PartyError(
    'unknown-versions' satisfies RefusalCode,
    `${versions.length} of ${of} versions ${versions.length === 1 ? 'is' : 'are'} of no task in the ledger, in what is deployed or in tasks/: ` +
      `${versions.slice(0, NAMED).join(', ')}${more}; nothing was changed`,
    'mend the list; or, where they are of tasks deleted long ago, record them too: --allow-unknown',
  );
}

async function refuseHeld(ports: ControllerPorts, view: LedgerView, task: KnownTask): Promise<void> {
  const record = view.records.get(versionKey(task.version));
  if (record instanceof Error) throw record;
  if (record !== undefined && isExecuted(record, ports.now()))
    throw beingExecuted(`task ${idOf(task)}`, record.run);
}

/** Whether nothing has settled it yet; what every deploy runs never is. */
function isOpen(view: LedgerView, task: KnownTask): boolean {
  return task.deployed?.when !== 'every-deploy' && isDue(task, view);
}

/** Whether deploys of this environment run it once; what is not deployed yet may be one of those. */
function isRunByDeploys(ports: ControllerPorts, { deployed }: KnownTask): boolean {
  return deployed === undefined || (deployed.when === 'once' && runsHere(deployed, ports.config));
}

async function record(
  ports: ControllerPorts,
  tasks: readonly KnownTask[],
  { by, reason }: BaselineRequest,
): Promise<void> {
  for (let begin = 0; begin < tasks.length; begin += WRITES_AT_ONCE) {
    const writes = tasks.slice(begin, begin + WRITES_AT_ONCE).map(({ version, name }) => {
      const now = new Date(ports.now()).toISOString();
      return ports.ledger.tasks.correct({ kind: 'baseline', version, name, by, reason }, now);
    });
    // None is left under way when one fails.
    for (const write of await Promise.allSettled(writes)) if (write.status === 'rejected') throw write.reason;
  }
  ports.log.info('ledger corrected', { correction: 'baseline', count: tasks.length, by, reason });
}

function inOrder(tasks: readonly KnownTask[]): KnownTask[] {
  return [...tasks].sort((a, b) => compareVersions(a.version, b.version));
}
