import { join } from 'node:path';
import type { PartyChoice } from '../../functions/local/index.ts';
import type { Manifest } from '../../functions/manifest.ts';
import { findTasksFolder } from '../../lib/task-files.ts';
import { appFolder } from './app-folder.ts';
import { localBundle } from './local-bundle.ts';
import { taskEnvironment } from './task-environment.ts';

/**
 * What the next deploy would say of the tasks on this machine.
 * @throws PartyError `no-app`, for what would fail the synth, and where `cdk.out` has no party that is meant
 */
export async function localManifest(choice: PartyChoice, cwd: string): Promise<Manifest> {
  const tasksFolder = findTasksFolder('tasks', cwd);
  const { manifest } = await localBundle({
    tasksFolder,
    folder: join(appFolder(cwd), '.after-party', 'bundles'),
    environment: () => taskEnvironment(tasksFolder, choice, cwd),
  });
  return manifest;
}
