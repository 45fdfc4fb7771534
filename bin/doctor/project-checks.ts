import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase, readParties } from '../../functions/local/index.ts';
import { findTaskFiles, findTasksFolder } from '../../lib/task-files.ts';
import type { PartyOptions } from '../party/connect.ts';
import { nearestFolderWith } from '../project/app-folder.ts';
import { cdkOutFolder } from '../project/cdk-out-folder.ts';
import { taskEnvironment } from '../project/task-environment.ts';
import { type Check, failed, ok, unknown } from './check.ts';

/** Whether this machine, the app and its tasks are as they have to be. */
export async function* projectChecks(
  options: PartyOptions,
  { cwd }: { readonly cwd: string },
): AsyncGenerator<Check> {
  yield ok('node', `Node.js ${process.version}`);
  const app = nearestFolderWith('cdk.json', cwd);
  if (app === undefined) {
    // On this machine there is nothing to open then, which is said there.
    if (options.local !== true)
      yield unknown('app', `there is no cdk.json in ${cwd} or above it: this is about what is deployed`);
    return;
  }
  yield await checkCdkOut(cwd);
  yield await checkTasks(options, cwd);
  // One that is to be emptied first need not be in order.
  if (options.local === true && options.reset !== true) yield await checkDatabase(join(app, '.after-party'));
}

async function checkCdkOut(cwd: string): Promise<Check> {
  try {
    const folder = cdkOutFolder(cwd);
    if (folder === undefined) return unknown('cdk.out', 'the app was not synthesized yet: npx cdk synth');
    const parties = await readParties(folder);
    if (parties.length === 0)
      return unknown('cdk.out', `${folder} has no AfterParty construct: npx cdk synth, once the app has one`);
    return ok('cdk.out', parties.map(({ stack, party }) => `${stack}/${party}`).join(', '));
  } catch (error) {
    return failed('cdk.out', error);
  }
}

/** Whether the tasks would pass `cdk synth`. */
async function checkTasks(options: PartyOptions, cwd: string): Promise<Check> {
  const bundle = await mkdtemp(join(tmpdir(), 'after-party-doctor-'));
  try {
    const folder = findTasksFolder('tasks', cwd);
    const tasks = findTaskFiles(folder);
    const environment = await taskEnvironment(folder, options, cwd);
    const { bundleTasks } = await import('../../lib/task-bundle.ts');
    const { checkTasksLoad } = await import('../../lib/load-check.ts');
    bundleTasks(folder, tasks, {}, bundle);
    checkTasksLoad({ bundle, folder, environment, region: 'us-east-1', needsModules: false });
    return ok('task files', `${count(tasks.length)} in ${folder}: all compile and load`);
  } catch (error) {
    return failed('task files', error);
  } finally {
    await rm(bundle, { recursive: true, force: true });
  }
}

async function checkDatabase(folder: string): Promise<Check> {
  let database: Database | undefined;
  try {
    database = await openDatabase(folder);
    return ok('database', folder);
  } catch (error) {
    return failed('database', error);
  } finally {
    database?.close();
  }
}

function count(tasks: number): string {
  return `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;
}
