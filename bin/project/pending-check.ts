import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LedgerView } from '../../functions/controller/ledger-view.ts';
import {
  type SelectionConfig,
  selectBackground,
  selectForDeploy,
} from '../../functions/controller/selection.ts';
import { isPartyError } from '../../functions/errors.ts';
import { readLocalEnv } from '../../functions/local/index.ts';
import type { Manifest, ManifestTask } from '../../functions/manifest.ts';
import { localBundle } from './local-bundle.ts';

/** Whether the next deploy runs a task. */
export interface Pending {
  readonly pending: boolean;
  /** Why not, or where only. */
  readonly reason: string | null;
  /** What the task says of itself; undefined where that cannot be known. */
  readonly task: ManifestTask | undefined;
}

const NOTHING_RECORDED: LedgerView = { records: new Map(), party: undefined };

/** Has all tasks bundled and loaded as a synth does, and what a deploy would run selected from them. */
export async function checkPending(tasksFolder: string, version: string): Promise<Pending> {
  try {
    return pendingIn(await loadedManifest(tasksFolder), version);
  } catch (error) {
    if (!isPartyError(error)) throw error;
    return { pending: false, reason: whatIsMissing(error.message) ?? error.message, task: undefined };
  }
}

async function loadedManifest(tasksFolder: string): Promise<Manifest> {
  const environment = () => readLocalEnv(tasksFolder);
  const kept = join(dirname(tasksFolder), '.after-party');
  // Where nobody has used --local yet, nothing of it is left behind.
  if (existsSync(kept))
    return (await localBundle({ tasksFolder, folder: join(kept, 'bundles'), environment })).manifest;
  const folder = await mkdtemp(join(tmpdir(), 'after-party-'));
  try {
    return (await localBundle({ tasksFolder, folder, environment })).manifest;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function pendingIn(manifest: Manifest, version: string): Pending {
  const task = manifest.tasks.find((each) => each.version === version);
  if (task === undefined) return { pending: false, reason: 'the file exports no task', task };
  const config: SelectionConfig = {
    environmentName: task.environments?.[0] ?? 'local',
    onFailure: 'fail-deploy',
    newEnvironment: 'run',
  };
  const selected = [
    ...selectForDeploy(manifest, NOTHING_RECORDED, config),
    ...selectBackground(manifest, NOTHING_RECORDED, config),
  ];
  if (selected.some((each) => each.version === version)) {
    const where = task.environments === undefined ? null : `in ${task.environments.join(', ')}`;
    return { pending: true, reason: where, task };
  }
  const reason = task.when === 'manual' ? 'it is run by hand only' : 'deploys of no environment run it';
  return { pending: false, reason, task };
}

/** The packages without which the tasks do not compile. */
function whatIsMissing(message: string): string | undefined {
  const found = [...message.matchAll(/Could not resolve "((?:@[^/"]+\/)?[^./"][^/"]*)/g)].map(
    ([, name]) => name,
  );
  const names = [...new Set(found)].join(' ');
  return names === '' ? undefined : `the tasks import what is not installed here: npm install ${names}`;
}
