import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { VERSION_PATTERN, versionKey } from '../../functions/task/version.ts';

const MOST = 10_000;
const NAMED = 5;

/**
 * The versions in a file, or with `-` on stdin: one a line, as `psql -At` prints them. Blank lines, quotes and
 * what comes twice are passed over.
 * @throws PartyError `bad-versions`
 */
export async function readVersions(
  source: string,
  { stdin, cwd }: { readonly stdin: NodeJS.ReadableStream; readonly cwd: string },
): Promise<string[]> {
  const content = source === '-' ? await text(stdin) : await readVersionFile(resolve(cwd, source));
  return versionsIn(content, source === '-' ? 'stdin' : source);
}

export function versionsIn(content: string, where: string): string[] {
  const lines = content
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ number: index + 1, text: unquoted(line.trim()) }))
    .filter((line) => line.text !== '');
  const wrong = lines.filter((line) => !VERSION_PATTERN.test(line.text));
  if (wrong.length > 0) throw badLines(wrong, where);
  const versions = [...new Map(lines.map((line) => [versionKey(line.text), line.text])).values()];
  if (versions.length === 0) throw new PartyError('bad-versions', `there are no versions in ${where}`, HOW);
  if (versions.length > MOST)
    throw new PartyError(
      'bad-versions',
      `${where} has ${versions.length} versions, and one baseline takes at most ${MOST}`,
      'hand them in by parts: what is recorded already is left as it is',
    );
  return versions;
}

const HOW = 'hand in one version a line, as psql -Atc "select version from task_records" prints them';

function badLines(wrong: readonly { number: number; text: string }[], where: string): PartyError {
  const named = wrong
    .slice(0, NAMED)
    .map(({ number, text }) => `line ${number}: ${JSON.stringify(text.slice(0, 60))}`);
  const more = wrong.length > NAMED ? ` and ${wrong.length - NAMED} more` : '';
  return new PartyError(
    'bad-versions',
    `${where} has lines that are no versions: ${named.join(', ')}${more}`,
    HOW,
  );
}

function unquoted(line: string): string {
  return /^(["'])(.*)\1$/.exec(line)?.[2]?.trim() ?? line;
}

async function readVersionFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new PartyError('bad-versions', `the versions cannot be read: ${messageOf(error)}`, HOW, {
      cause: error,
    });
  }
}
