import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, symlinkSync, unlinkSync } from 'node:fs';
import { devNull } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PartyError } from '../functions/errors.ts';
import type { Manifest, ManifestTask } from '../functions/manifest.ts';
import { type LoadReport, REPORTS } from '../functions/runner/load-report.ts';
import { functionsModule } from './package-files.ts';
import { checkOrder } from './task-order.ts';

/** What a program needs of this machine to start; the rest would hide what is missing in Lambda. */
const INHERITED = ['PATH', 'Path', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'LD_LIBRARY_PATH'];

export interface LoadCheck {
  /** The folder that `bundleTasks` wrote. */
  readonly bundle: string;
  /** The folder with the tasks. */
  readonly folder: string;
  /** The tasks' own variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly region: string;
  /** Whether the bundle imports modules that a layer will bring. */
  readonly needsModules: boolean;
  /** @default 30_000 */
  readonly timeoutMs?: number;
}

/**
 * Loads the bundle once, and checks the order of its tasks.
 * @throws PartyError `broken-task`, `bad-order`, naming the files
 */
export function checkTasksLoad(check: LoadCheck): Manifest {
  const tasks = describeTasks(check);
  checkOrder(tasks);
  return { v: 1, tasks };
}

/**
 * Loads the bundle once, in a process of its own without credentials, and asks each task what it is.
 * @throws PartyError `broken-task`, naming the files
 */
export function describeTasks(check: LoadCheck): ManifestTask[] {
  const { timeoutMs = 30_000 } = check;
  const child = withModules(check, () => load(check, timeoutMs));
  const tasks: ManifestTask[] = [];
  const broken: string[] = [];
  let culprit = 'the bundle';
  let end: 'early' | 'stalled' | 'done' = 'early';
  for (const report of reportsIn(child.output?.[REPORTS]?.toString() ?? '')) {
    if ('loading' in report) culprit = `${basename(check.folder)}/${report.loading}`;
    else if ('task' in report) tasks.push(report.task);
    else if ('broken' in report) broken.push(`${culprit}: ${report.why}`);
    else end = 'done' in report ? 'done' : 'stalled';
  }
  if (end === 'stalled') broken.push(`${culprit}: it never finishes loading: it awaits what does not happen`);
  if (end === 'early') broken.push(`${culprit}: ${endOf(child, timeoutMs)}`);
  if (broken.length === 0) return tasks;
  throw new PartyError(
    'broken-task',
    broken.join('\n'),
    'fix them, for a deploy could not run them; import inside run what cannot load at synth',
  );
}

function load(check: LoadCheck, timeout: number): SpawnSyncReturns<Buffer> {
  const program = functionsModule('runner/describe-tasks');
  return spawnSync(process.execPath, ['--enable-source-maps', program, join(check.bundle, 'index.mjs')], {
    cwd: check.bundle,
    env: environmentOf(check),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: Number.POSITIVE_INFINITY,
  });
}

function endOf(child: SpawnSyncReturns<Buffer>, timeoutMs: number): string {
  if (child.error !== undefined) {
    return isTimeout(child.error)
      ? `it did not finish loading within ${timeoutMs / 1000} s`
      : child.error.message;
  }
  const end = child.signal === null ? `with exit code ${child.status}` : `by ${child.signal}`;
  return `it ends the process ${end} when it is loaded${lastWords(child.stderr.toString())}`;
}

function isTimeout(error: Error): boolean {
  return 'code' in error && error.code === 'ETIMEDOUT';
}

/** The line of a crash that says why; none where the module called `process.exit`. */
function lastWords(stderr: string): string {
  const line = stderr.split('\n').find((text) => /^\S*Error\b|FATAL ERROR/.test(text));
  return line === undefined ? '' : `: ${line.trim()}`;
}

function reportsIn(output: string): LoadReport[] {
  // A process that was killed may have left half a line.
  const lines = output.slice(0, output.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line): LoadReport => JSON.parse(line));
}

/** Modules that are not bundled are found meanwhile as they would be from the tasks' folder. */
function withModules<T>({ bundle, folder, needsModules }: LoadCheck, load: () => T): T {
  const modules = needsModules ? modulesAbove(folder) : undefined;
  if (modules === undefined) return load();
  const link = join(bundle, 'node_modules');
  symlinkSync(modules, link, 'junction');
  try {
    return load();
  } finally {
    unlinkSync(link);
  }
}

function modulesAbove(folder: string): string | undefined {
  const modules = join(folder, 'node_modules');
  if (existsSync(modules)) return modules;
  return dirname(folder) === folder ? undefined : modulesAbove(dirname(folder));
}

function environmentOf({ environment, region }: LoadCheck): NodeJS.ProcessEnv {
  const inherited = INHERITED.map((name) => [name, process.env[name]] as const);
  // NODE_OPTIONS may name what only Lambda has, such as a module of a layer.
  const { NODE_OPTIONS: _, ...variables } = environment;
  return {
    ...Object.fromEntries(inherited.filter(([, value]) => value !== undefined)),
    TZ: 'UTC',
    ...variables,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    // Without these the SDK would look for credentials in the home folder and on the network.
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_CONFIG_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
