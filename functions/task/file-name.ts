import { LONGEST_VERSION } from './version.ts';

/** What a file in the tasks' folder is, by its path alone. */
export type TaskFileName =
  | { readonly kind: 'task'; readonly version: string; readonly name: string }
  /** A private module (`_x.ts`), a test, a declaration, or no module at all. */
  | { readonly kind: 'no-task' }
  /** A module that can be neither; `reason` names the rename. */
  | { readonly kind: 'misnamed'; readonly reason: string };

const MODULE = /\.[cm]?[jt]sx?$/;
const DECLARATION = /\.d\.[cm]?ts$/;
const TEST = /\.(test|spec)\.[cm]?[jt]sx?$/;

/** Reads a file's path below the tasks' folder, with slashes of either kind. */
export function parseTaskFileName(path: string): TaskFileName {
  const segments = path.split(/[\\/]/);
  const base = segments.at(-1) ?? '';
  const isPrivate = segments.some((segment) => /^[_.]/.test(segment) || segment === 'node_modules');
  if (isPrivate || !MODULE.test(base) || DECLARATION.test(base) || TEST.test(base))
    return { kind: 'no-task' };

  const extension = MODULE.exec(base)?.[0] ?? '';
  const stem = base.slice(0, -extension.length);
  const [, version, separator, name] = /^(\d*)(_?)(.*)$/s.exec(stem) ?? [];
  if (version === undefined || name === undefined || version === '' || separator === '') {
    const rest = `${stem.replace(/^[\d_-]+/, '') || 'name'}${extension}`;
    return misnamed(
      `${path} has no version: rename it to <version>_${rest}, such as 20260105093000_${rest}, or to _${rest} if it is no task`,
    );
  }
  if (version.length > LONGEST_VERSION) {
    return misnamed(
      `${path} has a version of ${version.length} digits: rename it with at most ${LONGEST_VERSION}`,
    );
  }
  if (!/^[A-Za-z][\w-]{0,99}$/.test(name)) {
    return misnamed(
      `${path} has the name ${JSON.stringify(name)}: rename it to ${version}_<name>${extension}, where the name begins ` +
        'with a letter and has at most 100 letters, digits, - and _',
    );
  }
  return { kind: 'task', version, name };
}

/** A task's description where its author gave none: `backfill_full_name` is "Backfill full name". */
export function humaniseName(name: string): string {
  const words = name.split(/[_-]+/).filter(Boolean).join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function misnamed(reason: string): TaskFileName {
  return { kind: 'misnamed', reason };
}
