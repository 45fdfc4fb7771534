import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { PartyError } from '../errors.ts';

/** How a folder keeps its files; one more whenever what older versions have written cannot be read any more. */
const FORMAT = 1;
const markSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ format: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
);

/** The file in which a folder says its format. */
export const MARK = 'format.json';
export const BEGIN_ANEW = 'begin anew with --reset, which deletes the ledger and the tables of this machine';

/**
 * Marks a new folder with the format, or reads it from one that is there.
 * @throws PartyError `local-folder-format` where another version made it, `local-folder-damaged`
 */
export async function ensureFormat(folder: string): Promise<void> {
  const mark = join(folder, MARK);
  if (!existsSync(mark)) {
    // Before there was a mark there was only the database.
    if (existsSync(join(folder, 'db'))) throw otherVersion(folder, 'an older');
    const draft = `${mark}.${process.pid}`;
    await writeFile(draft, JSON.stringify({ format: FORMAT }));
    await rename(draft, mark);
    return;
  }
  const parsed = v.safeParse(markSchema, await readFile(mark, 'utf8'));
  if (!parsed.success) {
    const message = `${folder} is damaged: ${mark} does not say its format`;
    throw new PartyError('local-folder-damaged', message, BEGIN_ANEW);
  }
  const { format } = parsed.output;
  if (format !== FORMAT) throw otherVersion(folder, format < FORMAT ? 'an older' : 'a newer');
}

function otherVersion(folder: string, which: 'an older' | 'a newer'): PartyError {
  return new PartyError(
    'local-folder-format',
    `${folder} was made by ${which} version of after-party, and this one cannot read it`,
    `${BEGIN_ANEW}, or use that version`,
  );
}
