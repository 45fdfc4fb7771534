import { PartyError } from '../../functions/errors.ts';
import { LONGEST_VERSION } from '../../functions/task/version.ts';

/** Letters that Unicode does not take apart into a plain one and its accent. */
const SPELLED_OUT: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};
const LONGEST_NAME = 100;

/**
 * A task's name in snake_case from any spelling: `backfillFullName`, `Backfill full-name`, `fix: issue #111`.
 * @throws PartyError `bad-name`
 */
export function taskName(spelled: string): string {
  const name = spelled
    .normalize('NFKD')
    .replace(/\p{M}|['’]/gu, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .toLowerCase()
    .replace(/\p{L}/gu, (letter) => SPELLED_OUT[letter] ?? letter)
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '');
  const help = whatToChange(spelled, name);
  if (help === undefined) return name;
  throw new PartyError('bad-name', `${JSON.stringify(spelled)} makes no task name`, help);
}

function whatToChange(spelled: string, name: string): string | undefined {
  const example = 'such as backfill_full_name';
  if (/[\\/]/.test(spelled)) return `give the name alone, without a folder: the file goes into tasks/`;
  if (/\.[cm]?[jt]sx?$/.test(spelled)) return 'leave out the extension: the file is named for you';
  if (name === '') return `give it some letters, ${example}`;
  if (/[^a-z\d_]/.test(name)) return `use Latin letters, digits, spaces, - and _, ${example}`;
  if (/^\d{8,}_/.test(name))
    return `leave out the version, which is made for you: ${name.replace(/^\d+_/, '')}`;
  if (/^\d/.test(name)) return `begin with a letter, ${example}`;
  if (name.length <= LONGEST_NAME) return undefined;
  return `use at most ${LONGEST_NAME} letters and digits: as ${name.slice(0, 20)}… it has ${name.length}`;
}

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
