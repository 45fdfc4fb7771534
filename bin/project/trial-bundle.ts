import { basename, dirname, join, sep } from 'node:path';
import type { BuildFailure } from 'esbuild';
import { isPartyError } from '../../functions/errors.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import { describeTasks } from '../../lib/load-check.ts';
import { bundleTasks } from '../../lib/task-bundle.ts';
import type { LocalTask } from './local-tasks.ts';

/** Nothing compares it: the task runs in a ledger of its own. */
const CHECKSUM = 'trial';

export interface TrialOptions {
  readonly tasksFolder: string;
  readonly task: LocalTask;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the bundle is written to. */
  readonly outdir: string;
  /** Is told what goes into the bundle, also where the task then does not load. */
  readonly onInputs: (files: readonly string[]) => void;
}

/**
 * Bundles one task, whatever the others are like.
 * @throws PartyError `bundling-failed`, `broken-task`
 */
export function trialBundle(options: TrialOptions): { entry: string; task: ManifestTask } {
  const { tasksFolder, task, environment, outdir, onInputs } = options;
  const { version, name, file } = task;
  try {
    onInputs(own(bundleTasks(tasksFolder, [{ version, name, file, checksum: CHECKSUM }], {}, outdir)));
  } catch (error) {
    onInputs(suspects(error, tasksFolder));
    throw error;
  }
  const check = { bundle: outdir, folder: tasksFolder, region: 'us-east-1', needsModules: false };
  const [described] = describeTasks({ ...check, environment });
  if (described === undefined) throw new Error(`${basename(file)} was not described`);
  // What it comes after is for deploys to mind.
  const { after: _, ...alone } = described;
  return { entry: join(outdir, 'index.mjs'), task: alone };
}

/** What people edit. */
function own(files: readonly string[]): string[] {
  return files.filter((file) => !file.includes(`${sep}node_modules${sep}`));
}

/** Where a mistake is, and the folders in which a file that is missing may appear. */
function suspects(error: unknown, tasksFolder: string): string[] {
  const cause = isPartyError(error) ? error.cause : undefined;
  const { errors = [] } = (cause ?? {}) as Partial<BuildFailure>;
  const files = errors.flatMap(({ location, text }) => {
    if (location === null) return [];
    const file = join(dirname(tasksFolder), location.file);
    const [, missing] = /^Could not resolve "(\.[^"]*)"/.exec(text) ?? [];
    return [file, ...(missing === undefined ? [] : [dirname(join(dirname(file), missing))])];
  });
  return [tasksFolder, ...files];
}
