import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openLocalParty, type PartyChoice } from '../../functions/local/index.ts';
import { planKeys } from '../../functions/local/plan-keys.ts';
import type { ManifestTask } from '../../functions/manifest.ts';
import { appFolder } from '../project/app-folder.ts';
import { cdkOutFolder } from '../project/cdk-out-folder.ts';
import { PartyClient } from './party-client.ts';

export interface TrialPartyOptions {
  readonly tasksFolder: string;
  /** The bundle's entry. */
  readonly entry: string;
  readonly task: ManifestTask;
  /** Of a split task, the only ones to be executed; of shards, their numbers. */
  readonly keys: readonly string[] | undefined;
  readonly choice: PartyChoice;
  readonly withAws: boolean;
  readonly cwd: string;
  readonly onWarning: (message: string) => void;
}

/**
 * A party on this machine that has one task and an empty ledger, which nobody looks at again: the task has not run yet,
 * however often it is tried. The tables of the app are those that other commands with `--local` use.
 * @throws PartyError `wrong-state` where the task has no keys, and what `openLocalParty` throws
 */
export async function openTrialParty(options: TrialPartyOptions): Promise<PartyClient> {
  const { tasksFolder, entry, task, keys, choice, withAws, cwd, onWarning } = options;
  const cdkOut = cdkOutFolder(cwd);
  const party = await openLocalParty({
    folder: join(appFolder(cwd), '.after-party'),
    tasksFolder,
    choice,
    withAws,
    ledgerId: `trial ${randomUUID()}`,
    bundle: async () => ({ entry, manifest: { v: 1, tasks: [task] } }),
    onWarning: (warning) => onWarning(warning.message),
    ...(cdkOut !== undefined && { cdkOut }),
  });
  try {
    if (keys !== undefined) await planKeys(party.ledger, task, keys);
  } catch (error) {
    await party.close();
    throw error;
  }
  return new PartyClient({
    flags: ' --local',
    runsGoOn: false,
    drives: (runId) => party.drives(runId),
    caller: async () => 'a trial on this machine',
    send: (request) => party.request(request),
    close: () => party.close(),
  });
}
