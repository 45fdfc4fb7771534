import { PartyError } from '../../functions/errors.ts';

/** Letters that Unicode does not take apart into a plain one and its accent. */
const SPELLED_OUT: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd' };

/**
 * A task's name in snake_case from any spelling: `backfillFullName`, `Backfill full-name`.
 * @throws PartyError `bad-name`
 */
export function taskName(spelled: string): string {
  const name = spelled
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[ßæœøłđ]/g, (letter) => SPELLED_OUT[letter] ?? letter)
    .replace(/[\s_-]+/g, '_')
    .replace(/^_|_$/g, '');
  if (/^[a-z][a-z\d_]{0,99}$/.test(name)) return name;
  throw new PartyError(
    'bad-name',
    `${JSON.stringify(spelled)} makes no task name`,
    'begin with a letter and use at most 100 letters, digits, spaces, - and _, as in backfill_full_name',
  );
}

const LONGEST_VERSION = 38;

/**
 * A version for a new task: the time in UTC, or one more than the newest version there is.
 * @throws PartyError `no-version`
 */
export function nextVersion(existing: readonly string[], now: number): string {
  const stamp = BigInt(new Date(now).toISOString().replace(/\D/g, '').slice(0, 14));
  const next = existing.reduce((newest, version) => {
    const after = BigInt(version) + 1n;
    return after > newest ? after : newest;
  }, stamp);
  if (String(next).length <= LONGEST_VERSION) return String(next);
  throw new PartyError(
    'no-version',
    `no version is left above ${next - 1n}`,
    'rename that file with a shorter version',
  );
}
