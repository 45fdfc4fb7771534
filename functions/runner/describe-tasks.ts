import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../errors.ts';
import type { ManifestTask } from '../manifest.ts';
import { isTask, type Task } from '../task/define-task.ts';
import { humaniseName } from '../task/file-name.ts';
import { type LoadReport, REPORTS } from './load-report.ts';
import { checkParams } from './params.ts';
import type { TaskFile } from './task-file.ts';

function report(message: LoadReport): void {
  writeSync(REPORTS, `${JSON.stringify(message)}\n`);
}

async function describe(file: TaskFile): Promise<LoadReport> {
  report({ loading: file.file });
  try {
    const { default: task } = await file.load();
    // A rejection that nobody handles ends this process; let it happen under this file's name.
    await new Promise(setImmediate);
    if (!isTask(task)) return { broken: file.file, why: refusalOf(task) };
    const why = await refusalWithoutParams(task, file.name);
    return why === undefined ? { task: entryOf(file, task) } : { broken: file.file, why };
  } catch (error) {
    return { broken: file.file, why: `it throws when it is loaded: ${explain(error, file.file)}` };
  }
}

function refusalOf(exported: unknown): string {
  const what = exported === undefined ? 'no default export' : 'a default export that is no task';
  return `it has ${what}: write export default defineTask({ … })`;
}

/** A deploy gives no params, so what a deploy runs has to do without. */
async function refusalWithoutParams(task: Task, name: string): Promise<string | undefined> {
  if (task.when === 'manual') return undefined;
  try {
    await checkParams(task, name, {});
    return undefined;
  } catch (error) {
    return `a deploy runs it without params, and ${messageOf(error)}; make them optional, or set when: 'manual'`;
  }
}

function entryOf({ version, name, file, checksum }: TaskFile, task: Task): ManifestTask {
  const { when, background, after, split, delivery, onFailure, tags, environments } = task;
  const { newEnvironment, secretParams } = task;
  return {
    version,
    name,
    file,
    checksum,
    description: task.description ?? humaniseName(name),
    when,
    ...(background && { background }),
    ...(after.length > 0 && { after: [...after] }),
    iterates: task.items !== undefined,
    ...(split && { splits: split.of }),
    ...(split?.of === 'shards' && { shards: split.count }),
    delivery,
    ...(onFailure && { onFailure }),
    tags: [...tags],
    ...(environments && { environments: [...environments] }),
    ...(newEnvironment && { newEnvironment }),
    takesParams: task.params !== undefined,
    secretParams: [...secretParams],
  };
}

/** The error and, where its stack shows it, the line of the task's file. */
function explain(error: unknown, file: string): string {
  if (!(error instanceof Error)) return messageOf(error);
  const frame = error.stack?.split('\n').find((line) => line.includes(`/${file}:`));
  const line = frame?.split(`/${file}:`)[1]?.match(/^\d+/)?.[0];
  return `${error.name}: ${messageOf(error)}${line === undefined ? '' : `, at line ${line}`}`;
}

const [bundle] = process.argv.slice(2);
if (bundle === undefined) throw new Error('usage: describe-tasks <bundle>');
// Not emitted by process.exit(): the loop is empty, and a module still awaits something.
process.once('beforeExit', () => report({ stalled: true }));
const { files }: { files: readonly TaskFile[] } = await import(pathToFileURL(bundle).href);
for (const file of files) report(await describe(file));
report({ done: true });
// A module may have left a timer or a socket open.
process.exit(0);
