import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, PartyError } from '../../functions/errors.ts';

type Texts = Readonly<Record<string, unknown>>;

/** A `package.json`, as far as it is looked at. */
export interface NpmPackage {
  readonly type?: unknown;
  readonly scripts?: Texts;
  readonly dependencies?: Texts;
  readonly devDependencies?: Texts;
  readonly jest?: unknown;
}

/** A `package.json` and where it lies. */
export interface NpmProject {
  readonly folder: string;
  readonly path: string;
  readonly text: string;
  readonly manifest: NpmPackage;
}

/**
 * The npm projects that a folder is in, the nearest first, up to the root of the repository.
 * @throws PartyError `bad-package-json`, `unreadable`
 */
export function npmProjectsAbove(start: string): NpmProject[] {
  const projects: NpmProject[] = [];
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) projects.push(readNpmProject(folder));
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return projects;
  }
}

/** @throws PartyError `bad-package-json`, `unreadable` */
export function readNpmProject(folder: string): NpmProject {
  const path = join(folder, 'package.json');
  const text = readText(path);
  return { folder, path, text, manifest: parsePackage(text, path) };
}

/** @throws PartyError `unreadable` */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const message = `${path} cannot be read: ${messageOf(error)}`;
    throw new PartyError('unreadable', message, undefined, { cause: error });
  }
}

/** The names of all that it depends on. */
export function dependenciesOf({ dependencies, devDependencies }: NpmPackage): string[] {
  return Object.keys({ ...dependencies, ...devDependencies });
}

function parsePackage(text: string, path: string): NpmPackage {
  const resolution = 'mend the file and try again; nothing was written';
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    const message = `${path} is no valid JSON: ${messageOf(error)}`;
    throw new PartyError('bad-package-json', message, resolution, { cause: error });
  }
  if (!isObject(manifest)) throw notPackage(path, 'it is no object', resolution);
  const fields = manifest as Readonly<Record<string, unknown>>;
  const wrong = ['scripts', 'dependencies', 'devDependencies'].find((part) => !isObject(fields[part] ?? {}));
  if (wrong !== undefined) throw notPackage(path, `its ${wrong} are no object`, resolution);
  return fields;
}

function notPackage(path: string, why: string, resolution: string): PartyError {
  return new PartyError('bad-package-json', `${path} is no package.json: ${why}`, resolution);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
