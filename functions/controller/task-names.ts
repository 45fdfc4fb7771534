import { PartyError } from '../errors.ts';
import type { TaskRecord } from '../ledger/records.ts';
import type { Manifest, ManifestTask } from '../manifest.ts';
import { nearestWord } from '../task/nearest-word.ts';
import { idOf } from '../task/task-id.ts';
import { compareVersions, versionKey } from '../task/version.ts';
import type { RefusalCode } from './requests.ts';

/** A task that somebody knows: the manifest, the ledger or the caller's folder. */
export interface KnownTask {
  readonly version: string;
  readonly name: string;
  /** Absent: it is not deployed. */
  readonly deployed: ManifestTask | undefined;
}

interface Named {
  readonly version: string;
  readonly name: string;
}

/** All tasks that the manifest, the ledger and the caller's folder know, by ledger key. */
export function knownTasks(
  manifest: Manifest,
  records: ReadonlyMap<string, TaskRecord | Error>,
  local: readonly Named[],
): Map<string, KnownTask> {
  const known = new Map<string, KnownTask>();
  for (const { version, name } of local)
    known.set(versionKey(version), { version, name, deployed: undefined });
  for (const [key, record] of records) {
    // A damaged record must still be found by its version, or nobody could reset it.
    const { version, name } =
      record instanceof Error ? { version: key, name: known.get(key)?.name ?? '' } : record;
    known.set(key, { version, name, deployed: undefined });
  }
  for (const task of manifest.tasks) {
    known.set(versionKey(task.version), { version: task.version, name: task.name, deployed: task });
  }
  return known;
}

/**
 * The tasks that a person named, in version order; nothing is done where one name fails.
 * @throws PartyError `unknown-task` or `ambiguous-task`, naming every name that failed
 */
export function findTasks(known: ReadonlyMap<string, KnownTask>, names: readonly string[]): KnownTask[] {
  const found = new Map<string, KnownTask>();
  const problems: { code: RefusalCode; text: string }[] = [];
  for (const name of names) {
    const matches = inVersionOrder([...known.values()].filter((task) => isNamed(task, name)));
    const [match] = matches;
    if (match === undefined)
      problems.push({
        code: 'unknown-task',
        text: `there is no task ${JSON.stringify(name)}${suggestion(known, name)}`,
      });
    else if (matches.length > 1) {
      const ids = matches.map(idOf).join(' and ');
      problems.push({ code: 'ambiguous-task', text: `${JSON.stringify(name)} may be ${ids}` });
    } else found.set(versionKey(match.version), match);
  }
  const [first] = problems;
  if (first !== undefined) {
    throw new PartyError(
      first.code,
      problems.map(({ text }) => text).join('; '),
      'name it by its version; `npx after-party status` lists all tasks',
    );
  }
  return inVersionOrder([...found.values()]);
}

function inVersionOrder(tasks: KnownTask[]): KnownTask[] {
  return tasks.sort((a, b) => compareVersions(a.version, b.version));
}

/** A version, a name, or a file name with or without its folder and extension. */
function isNamed(task: KnownTask, typed: string): boolean {
  if (/^\d+$/.test(typed)) return versionKey(typed) === versionKey(task.version) || typed === task.name;
  const file = (typed.split(/[\\/]/).at(-1) ?? typed).replace(/\.[cm]?[jt]s$/, '');
  if (typed === task.name) return true;
  const [, version, name] = /^(\d+)_(.+)$/.exec(file) ?? [];
  return version !== undefined && versionKey(version) === versionKey(task.version) && name === task.name;
}

function suggestion(known: ReadonlyMap<string, KnownTask>, typed: string): string {
  const names = [...known.values()].map(({ name }) => name).filter((name) => name !== '');
  const near = names.filter((name) => name.includes(typed) || typed.includes(name));
  const nearest = nearestWord(typed, names);
  const meant = near.length > 0 || nearest === undefined ? near.slice(0, 3) : [nearest];
  return meant.length === 0 ? '' : ` (did you mean ${meant.join(', ')}?)`;
}
