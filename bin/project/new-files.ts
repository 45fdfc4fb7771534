import { constants, existsSync } from 'node:fs';
import { access, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, PartyError } from '../../functions/errors.ts';

/** A file to write, with all of its text. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/**
 * Writes the files, after a look at whether each of them can be written: all or none, and none by halves.
 * @throws PartyError `not-writable`
 */
export async function writeFiles(files: readonly FileText[]): Promise<void> {
  for (const { path } of files) await checkWritable(path);
  const staged: Staged[] = [];
  try {
    for (const file of files) staged.push(await stage(file));
    for (const file of staged) await putInPlace(file);
  } finally {
    for (const { fresh } of staged) await rm(fresh, { force: true });
  }
}

/**
 * Writes files that are not there yet.
 * @throws PartyError `exists`, `not-writable`
 */
export async function createFiles(files: readonly FileText[]): Promise<void> {
  const there = files.find(({ path }) => existsSync(path));
  if (there !== undefined) {
    throw new PartyError(
      'exists',
      `${there.path} is there already; nothing was written`,
      'choose another name, or move that file away',
    );
  }
  await writeFiles(files);
}

/**
 * Makes an empty file, which is there for nobody else to make.
 * @returns what removes it; undefined where somebody else has made it
 * @throws PartyError `not-writable`
 */
export async function reserve(path: string): Promise<(() => Promise<void>) | undefined> {
  await checkFolder(dirname(path));
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '', { flag: 'wx' });
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return undefined;
    throw notWritable(path, error);
  }
  return () => rm(path, { force: true });
}

/** A file that takes the place of another one, or of none, beside it. */
interface Staged {
  readonly path: string;
  readonly fresh: string;
}

async function stage({ path, text }: FileText): Promise<Staged> {
  try {
    await mkdir(dirname(path), { recursive: true });
    if (!existsSync(path)) return await stageAs(path, text, {});
    // What a link leads to is replaced, and keeps who may read and write it.
    const real = await realpath(path);
    return await stageAs(real, text, { mode: (await stat(real)).mode });
  } catch (error) {
    throw notWritable(path, error);
  }
}

async function stageAs(path: string, text: string, options: { readonly mode?: number }): Promise<Staged> {
  const fresh = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(fresh, text, options);
    return { path, fresh };
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

async function putInPlace({ path, fresh }: Staged): Promise<void> {
  try {
    await rename(fresh, path);
  } catch (error) {
    throw notWritable(path, error);
  }
}

async function checkWritable(path: string): Promise<void> {
  try {
    await access(path, constants.W_OK);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw notWritable(path, error);
    await checkFolder(dirname(path));
  }
}

async function checkFolder(folder: string): Promise<void> {
  try {
    const found = await stat(folder);
    if (!found.isDirectory()) throw new Error(`${folder} is a file, where a folder is needed`);
    await access(folder, constants.W_OK);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw notWritable(folder, error);
    await checkFolder(dirname(folder));
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
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
