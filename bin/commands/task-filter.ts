import type { TaskStatus } from '../../functions/controller/requests.ts';
import { PartyError } from '../../functions/errors.ts';
import { nearestWord } from '../../functions/task/nearest-word.ts';
import { versionKey } from '../../functions/task/version.ts';

/** States that `status` shows, and notes; they may be asked for where no task is in them. */
export const FILTER_WORDS: readonly string[] = [
  ...['pending', 'running', 'succeeded', 'failed', 'interrupted', 'paused', 'cancelled', 'skipped'],
  ...['baselined', 'in-doubt', 'stale', 'manual', 'every-deploy', 'damaged'],
  ...['changed', 'no-file', 'not-deployed', 'new-environment', 'behind'],
];

/** What a filter looks at; of a file that is not deployed yet there is only its name. */
export type Filtered = Pick<TaskStatus, 'version' | 'name'> &
  Partial<Pick<TaskStatus, 'state' | 'notes' | 'tags'>>;

/**
 * Whether a task is one of those that the filters ask for: by a state or a note, a tag, a name, a version, a file
 * name, or a pattern with `*`, `?` and `[a-c]`. Without filters, all are.
 * @param tasks of which each filter must fit one, unless it is a state or a note
 * @throws PartyError `unknown-filter`
 */
export function taskFilter(
  filters: readonly string[],
  tasks: readonly Filtered[],
): (task: Filtered) => boolean {
  const unknown = filters.filter((filter) => !isWord(filter) && !tasks.some((task) => fits(task, filter)));
  if (unknown.length > 0) throw unknownFilters(unknown, tasks);
  return (task) => filters.length === 0 || filters.some((filter) => fits(task, filter));
}

function isWord(filter: string): boolean {
  return FILTER_WORDS.includes(filter);
}

function fits({ version, name, state, notes = [], tags = [] }: Filtered, filter: string): boolean {
  if (filter === state || tags.includes(filter)) return true;
  if (notes.some((note) => note === filter || note.startsWith(`${filter}:`))) return true;
  if (/^\d+$/.test(filter) && versionKey(filter) === versionKey(version)) return true;
  const file = (filter.split(/[\\/]/).at(-1) ?? filter).replace(/\.[cm]?[jt]s$/, '');
  const pattern = patternOf(file);
  return [version, name, `${version}_${name}`].some((text) => pattern.test(text));
}

function patternOf(glob: string): RegExp {
  const parts = glob.match(/\[[\w-]+\]|[\s\S]/g) ?? [];
  const pattern = parts.map((part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return isClass(part) ? part : part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${pattern.join('')}$`, 's');
}

/** `[a-c]`, whose ranges go upwards: others are plain text. */
function isClass(part: string): boolean {
  const ranges = part.match(/\w-\w/g) ?? [];
  return part.length > 1 && ranges.every((range) => (range[0] ?? '') <= (range[2] ?? ''));
}

function unknownFilters(unknown: readonly string[], tasks: readonly Filtered[]): PartyError {
  const candidates = [
    ...new Set([
      ...FILTER_WORDS,
      ...tasks.flatMap(({ name, version, tags = [] }) => [name, version, ...tags]),
    ]),
  ].filter((candidate) => candidate !== '');
  const named = unknown.map((filter) => {
    const nearest = candidates.find((each) => each.includes(filter)) ?? nearestWord(filter, candidates);
    const hint = nearest === undefined ? '' : ` (did you mean ${JSON.stringify(nearest)}?)`;
    return `${JSON.stringify(filter)} is no state, tag or task${hint}`;
  });
  return new PartyError(
    'unknown-filter',
    named.join('; '),
    'filter by a state, a tag, a name, a version, or a pattern such as "import_*"',
  );
}
