import { PartyError } from '../errors.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { fitting } from './answer-size.ts';
import { findChildren, splitRecord } from './child-names.ts';
import { attemptStatus, childStatus } from './children-status.ts';
import { readLedger } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { ChildrenPage, ChildStatus, RequestOf, TaskDetails } from './requests.ts';
import { findTasks, knownTasks } from './task-names.ts';
import { taskDetails } from './task-status.ts';

/** The states of children that have not succeeded, the ones first that people look for. */
const WORST_FIRST = [
  'damaged',
  'in-doubt',
  'failed',
  'stale',
  'running',
  'paused',
  'cancelled',
  'interrupted',
];

/**
 * The children of a split task, a page at a time.
 * @throws PartyError `unknown-task`, `ambiguous-task`, `bad-request`, `wrong-state`, `held`, `damaged-record`
 */
export async function listChildren(
  ports: ControllerPorts,
  request: RequestOf<'children'>,
): Promise<ChildrenPage> {
  const view = await readLedger(ports);
  const [task, ...others] = findTasks(knownTasks(ports.manifest, view.records, request.local), request.names);
  if (task === undefined || others.length > 0)
    throw new PartyError('bad-request', 'the children of one task are listed at a time');
  const record = splitRecord(ports, view, task);
  const all = await ports.ledger.children(task.version).list(record.children);
  const asked = all.map((child) => childStatus(child, ports.now())).filter(isAsked(request));
  const { after = 0, limit = Number.POSITIVE_INFINITY } = request;
  const listed = request.unfinished ? asked.sort(worstFirst) : asked.filter(({ number }) => number > after);
  const children = fitting(listed.slice(0, limit));
  const last = children.length < listed.length ? children.at(-1) : undefined;
  return {
    children,
    count: asked.length,
    next: last === undefined || request.unfinished ? null : last.number,
  };
}

function isAsked({ unfinished }: RequestOf<'children'>): (child: ChildStatus) => boolean {
  return ({ state }) => !unfinished || state !== 'succeeded';
}

function worstFirst(one: ChildStatus, other: ChildStatus): number {
  return rank(one) - rank(other) || one.number - other.number;
}

function rank({ state }: ChildStatus): number {
  const place = WORST_FIRST.indexOf(state);
  return place === -1 ? WORST_FIRST.length : place;
}

/**
 * All that is known of some children of a task: its own details, with theirs in their places.
 * @throws PartyError as `findChildren`
 */
export async function showChildren(
  ports: ControllerPorts,
  request: RequestOf<'show'>,
  keys: readonly string[],
): Promise<TaskDetails[]> {
  const view = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, view.records, request.local), request.names);
  const { task, children } = await findChildren(ports, view, tasks, keys);
  const { version } = task;
  return Promise.all(
    children.map(async (listed) => {
      const record = await ports.ledger.children(version).at(listed.number).get(version);
      if (record === undefined)
        throw new PartyError('unknown-key', `child ${listed.number} of task ${idOf(task)} is gone`);
      const runId = record.run ?? record.lastRun;
      const lastRun = runId === undefined ? undefined : await ports.ledger.runs.get(runId);
      const { number, key, shard, state } = childStatus(listed, ports.now());
      return {
        ...taskDetails(ports, { ...view, records: new Map([[versionKey(version), record]]) }, task, lastRun),
        ...attemptStatus(record, ports.now()),
        state,
        child: { number, key, shard },
      };
    }),
  );
}
