import { PartyError } from '../errors.ts';
import type { ListedChild } from '../ledger/child-records.ts';
import { isSplit, type SplitTask } from '../ledger/fan-out.ts';
import { nearestWord } from '../task/nearest-word.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { childName } from './children-outcome.ts';
import { isExecuted } from './held.ts';
import type { LedgerView } from './ledger-view.ts';
import type { ControllerPorts } from './ports.ts';
import type { KnownTask } from './task-names.ts';
import { counted } from './text.ts';

const SUGGESTED = 3;
/** Longer keys are not compared letter by letter. */
const COMPARED_LENGTH = 100;

/** Some children of a task, as a person named them. */
export interface NamedChildren {
  readonly task: KnownTask;
  readonly record: SplitTask;
  /** In the order of their numbers. */
  readonly children: readonly ListedChild[];
}

/**
 * The children of the only task that have these keys or, of shards, these numbers.
 * @throws PartyError `bad-request`, `wrong-state`, `unknown-key`, `held` while the task is being split,
 * `damaged-record`
 */
export async function findChildren(
  ports: ControllerPorts,
  view: LedgerView,
  tasks: readonly KnownTask[],
  keys: readonly string[],
): Promise<NamedChildren> {
  const [task, ...others] = tasks;
  if (task === undefined || others.length > 0)
    throw new PartyError(
      'bad-request',
      `--key chooses among the keys of one task, and ${tasks.length} are named`,
      'name one task',
    );
  const record = splitRecord(ports, view, task);
  const all = await ports.ledger.children(task.version).list(record.children);
  const byName = new Map(all.map((child) => [nameOf(record, child), child]));
  const found = keys.map((key) => byName.get(key) ?? unknown(task, record, all, key));
  const children = [...new Set(found)].sort((one, other) => one.number - other.number);
  return { task, record, children };
}

/** The record of a task whose children are planned. */
export function splitRecord(ports: ControllerPorts, { records }: LedgerView, task: KnownTask): SplitTask {
  const record = records.get(versionKey(task.version));
  if (record instanceof Error) throw record;
  if (record !== undefined && isExecuted(record, ports.now()) && task.deployed?.splits !== undefined)
    throw new PartyError(
      'held',
      `task ${idOf(task)} is just being split, by run ${record.run}`,
      'ask again in a moment',
    );
  if (record !== undefined && record.state !== 'running' && isSplit(record)) return record;
  const splits = task.deployed?.splits !== undefined;
  throw new PartyError(
    'wrong-state',
    splits
      ? `task ${idOf(task)} has not been split yet, so it has no keys`
      : `task ${idOf(task)} is not split, so it has no keys`,
    splits ? 'split and run it first: invoke it without --key' : 'leave out --key',
  );
}

/** Undefined for one whose key cannot be read. */
function nameOf({ children: { of } }: SplitTask, child: ListedChild): string | undefined {
  if (of === 'shards') return String(child.number);
  return child.key;
}

function unknown(
  task: KnownTask,
  { children: { of, count } }: SplitTask,
  all: readonly ListedChild[],
  key: string,
): never {
  const list = `\`npx after-party show ${task.name} --json\` lists all ${counted(count, of === 'keys' ? 'key' : 'shard')}`;
  if (of === 'shards')
    throw new PartyError(
      'unknown-key',
      `task ${idOf(task)} has no shard ${JSON.stringify(key)}`,
      `name one by its number, from 1 to ${count}; ${list}`,
    );
  // It may well be the key of one whose key cannot be read.
  for (const child of all) if (child.damaged !== undefined && child.key === undefined) throw child.damaged;
  const near = nearest(
    key,
    all.flatMap((child) => child.key ?? []),
  ).map((name) => JSON.stringify(name));
  const meant = near.length === 0 ? '' : ` (did you mean ${near.join(', ')}?)`;
  throw new PartyError('unknown-key', `task ${idOf(task)} has no ${childName(0, key)}${meant}`, list);
}

function nearest(typed: string, keys: readonly string[]): string[] {
  const short = keys.filter((key) => key !== '' && key.length <= COMPARED_LENGTH);
  const word = typed.length <= COMPARED_LENGTH ? nearestWord(typed, short) : undefined;
  const like = short.filter((key) => typed !== '' && key.toLowerCase().includes(typed.toLowerCase()));
  return [...new Set([...(word === undefined ? [] : [word]), ...like])].slice(0, SUGGESTED);
}
