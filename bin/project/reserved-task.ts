import { join } from 'node:path';
import { PartyError } from '../../functions/errors.ts';
import { versionKey } from '../../functions/task/version.ts';
import { localTasks } from './local-tasks.ts';
import { reserve } from './new-files.ts';
import { nextVersion } from './task-name.ts';

/**
 * Has a new task written under a version that no other process gives to another one meanwhile, nor its name.
 * @throws PartyError `duplicate-name`, `no-version`, `not-writable`, and what `write` throws
 */
export async function writeReserved<T>(
  folder: string,
  name: string,
  now: number,
  write: (version: string) => Promise<T>,
): Promise<T> {
  const marker = `.${name}.new`;
  const releaseName = await reserve(join(folder, marker));
  if (releaseName === undefined)
    throw new PartyError(
      'duplicate-name',
      `a task ${name} is just being generated: there is tasks/${marker}`,
      'look for it in a moment; where it was broken off, remove that file and try again',
    );
  try {
    refuseDuplicate(folder, name);
    const taken: string[] = [];
    for (;;) {
      const version = nextVersion([...versionsIn(folder), ...taken], now);
      taken.push(version);
      const release = await reserve(join(folder, `.${version}.new`));
      if (release === undefined) continue;
      try {
        // Whoever had it reserved until now has used it.
        if (!versionsIn(folder).map(versionKey).includes(versionKey(version))) return await write(version);
      } finally {
        await release();
      }
    }
  } finally {
    await releaseName();
  }
}

function versionsIn(folder: string): string[] {
  return localTasks(folder).map(({ version }) => version);
}

/** Names that differ only in their spelling would be mixed up. */
function snakeCase(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

function refuseDuplicate(folder: string, name: string): void {
  const same = localTasks(folder).find((task) => snakeCase(task.name) === name);
  if (same === undefined) return;
  const message = `there is a task ${name} already: tasks/${same.file}`;
  throw new PartyError('duplicate-name', message, 'choose another name: a name means one task');
}
