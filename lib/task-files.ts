import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { PartyError } from '../functions/errors.ts';
import type { TaskFile } from '../functions/runner/task-file.ts';
import { parseTaskFileName } from '../functions/task/file-name.ts';
import { compareVersions, versionKey } from '../functions/task/version.ts';

/** A task's file, as it is on disk. */
export type TaskSource = Omit<TaskFile, 'load'>;

/** A task by the name of its file. */
export type NamedTask = Omit<TaskSource, 'checksum'>;

/**
 * The folder with the tasks: an absolute path, or one relative to the nearest `cdk.json` above the working directory.
 * @throws PartyError `no-cdk-json`, `no-tasks-folder`
 */
export function findTasksFolder(tasks: string, from: string = process.cwd()): string {
  const folder = isAbsolute(tasks) ? tasks : join(projectFolder(tasks, from), tasks);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return resolve(folder);
  throw new PartyError(
    'no-tasks-folder',
    `tasks is ${JSON.stringify(tasks)}, and there is no folder ${folder}`,
    'create it, or give the path of the folder with the task modules, relative to cdk.json',
  );
}

function projectFolder(tasks: string, from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'cdk.json'))) return folder;
    if (dirname(folder) === folder) break;
  }
  throw new PartyError(
    'no-cdk-json',
    `tasks is ${JSON.stringify(tasks)}, relative to the nearest cdk.json, and there is none in ${from} or above it`,
    'work in the folder of the CDK app, or give an absolute path',
  );
}

/**
 * The tasks of a folder and its subfolders, in version order.
 * @throws PartyError `misnamed-task`, `duplicate-task`, each naming every file that is wrong
 */
export function findTaskFiles(folder: string): TaskSource[] {
  return findTasks(folder).map((task) => withChecksum(folder, task));
}

/**
 * As `findTaskFiles`, without a look into the files.
 * @throws PartyError as above
 */
export function findTasks(folder: string): NamedTask[] {
  const tasks: NamedTask[] = [];
  const misnamed: string[] = [];
  for (const file of filesBelow(folder)) {
    const parsed = parseTaskFileName(file);
    if (parsed.kind === 'misnamed') misnamed.push(parsed.reason);
    if (parsed.kind === 'task') tasks.push({ version: parsed.version, name: parsed.name, file });
  }
  if (misnamed.length > 0) throw new PartyError('misnamed-task', misnamed.join('\n'));
  refuseDuplicates(tasks);
  return tasks.sort((a, b) => compareVersions(a.version, b.version));
}

function filesBelow(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix))
    .sort()
    .filter((name) => name !== 'node_modules' && !name.startsWith('.'))
    .flatMap((name) => {
      const file = `${prefix}${name}`;
      return statSync(join(folder, file)).isDirectory() ? filesBelow(folder, `${file}/`) : [file];
    });
}

/** The checksum is the same on every system, whatever its line ends. */
export function withChecksum(folder: string, task: NamedTask): TaskSource {
  const text = readFileSync(join(folder, task.file), 'utf8').replaceAll('\r\n', '\n');
  return { ...task, checksum: createHash('sha256').update(text).digest('hex') };
}

function refuseDuplicates(tasks: readonly NamedTask[]): void {
  const complaints = [
    ...duplicates(tasks, (task) => versionKey(task.version)).map(
      ([a, b]) => `${a.file} and ${b.file} have one version: rename one of them`,
    ),
    ...duplicates(tasks, (task) => task.name).map(
      ([a, b]) => `${a.file} and ${b.file} have one name: rename one of them`,
    ),
  ];
  if (complaints.length > 0) throw new PartyError('duplicate-task', complaints.join('\n'));
}

function duplicates(tasks: readonly NamedTask[], key: (task: NamedTask) => string): [NamedTask, NamedTask][] {
  const first = new Map<string, NamedTask>();
  return tasks.flatMap((task): [NamedTask, NamedTask][] => {
    const earlier = first.get(key(task));
    if (earlier !== undefined) return [[earlier, task]];
    first.set(key(task), task);
    return [];
  });
}
