import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { parseTaskFileName } from '../../functions/task/file-name.ts';
import { compareVersions } from '../../functions/task/version.ts';
import { nearestFolderWith } from './app-folder.ts';

/** A task module on this machine, by its name alone. */
export interface LocalTask {
  readonly version: string;
  readonly name: string;
  /** The path below the tasks' folder. */
  readonly file: string;
}

/** The tasks of the CDK app that this folder is in; none outside one. */
export function localTasksNear(cwd: string): LocalTask[] {
  const app = nearestFolderWith('cdk.json', cwd);
  return app === undefined ? [] : localTasks(join(app, 'tasks'));
}

/** What of a local task a request carries, so that a task can be named before its first deploy. */
export function localNames(cwd: string): { version: string; name: string }[] {
  return localTasksNear(cwd).map(({ version, name }) => ({ version, name }));
}

/**
 * The tasks in a folder in version order; none where the folder does not exist. Misnamed files are left to synth,
 * which refuses them.
 * @throws PartyError `unreadable-tasks`
 */
export function localTasks(folder: string): LocalTask[] {
  if (!existsSync(folder)) return [];
  return moduleFiles(folder)
    .flatMap((file) => {
      const parsed = parseTaskFileName(file);
      return parsed.kind === 'task' ? [{ version: parsed.version, name: parsed.name, file }] : [];
    })
    .sort((a, b) => compareVersions(a.version, b.version));
}

function moduleFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    throw new PartyError(
      'unreadable-tasks',
      `${join(folder)} cannot be read: ${messageOf(error)}`,
      undefined,
      { cause: error },
    );
  }
}
