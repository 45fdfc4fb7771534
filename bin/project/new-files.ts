import { constants } from 'node:fs';
import { access, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, PartyError } from '../../functions/errors.ts';

/** A file to write, with all of its text. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/**
 * Writes the files, after a look at whether each of them can be written: all or none.
 * @throws PartyError `not-writable`
 */
export async function writeFiles(files: readonly FileText[]): Promise<void> {
  for (const { path } of files) await checkWritable(path);
  for (const { path, text } of files) {
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    } catch (error) {
      throw notWritable(path, error);
    }
  }
}

async function checkWritable(path: string): Promise<void> {
  try {
    await access(path, constants.W_OK);
  } catch (error) {
    if (!isMissing(error)) throw notWritable(path, error);
    await checkFolder(dirname(path));
  }
}

async function checkFolder(folder: string): Promise<void> {
  try {
    const found = await stat(folder);
    if (!found.isDirectory()) throw new Error(`${folder} is a file, where a folder is needed`);
    await access(folder, constants.W_OK);
  } catch (error) {
    if (!isMissing(error)) throw notWritable(folder, error);
    await checkFolder(dirname(folder));
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function notWritable(path: string, cause: unknown): PartyError {
  const message = `${path} cannot be written: ${messageOf(cause)}`;
  return new PartyError(
    'not-writable',
    message,
    'nothing was written; make the folder writable and try again',
    { cause },
  );
}
