import { join } from 'node:path';
import { PartyError } from '../../functions/errors.ts';
import { chooseParty, type PartyChoice, readParties } from '../../functions/local/app-parties.ts';
import { openLocalParty } from '../../functions/local/local-party.ts';
import { findTasksFolder } from '../../lib/task-files.ts';
import { appFolder } from '../project/app-folder.ts';
import { cdkOutFolder } from '../project/cdk-out-folder.ts';
import { localBundle } from '../project/local-bundle.ts';
import { taskEnvironment } from '../project/task-environment.ts';
import type { Place } from './connect.ts';
import type { Connection } from './party-client.ts';

export interface LocalOptions {
  readonly choice: PartyChoice;
  readonly withAws: boolean;
  /** Whether to begin with an empty database. */
  readonly reset: boolean;
  readonly flags: string;
  readonly onWarning: (message: string) => void;
}

/**
 * Opens the party on this machine: the tasks beside the nearest `cdk.json`, and a ledger in `.after-party`.
 * @throws PartyError where the tasks do not load, and what keeps the database from being opened
 */
export async function openLocalConnection(options: LocalOptions, { cwd, env }: Place): Promise<Connection> {
  const app = appFolder(cwd);
  const tasksFolder = findTasksFolder('tasks', cwd);
  const folder = join(app, '.after-party');
  const cdkOut = cdkOutFolder(cwd);
  await checkChoice(options.choice, cdkOut);
  if (options.reset) {
    const { resetFolder } = await import('../../functions/local/reset-folder.ts');
    const what = (await resetFolder(folder)) ? `${folder} was emptied` : `there is no ${folder} to empty`;
    options.onWarning(`${what}: the ledger, the tables and the logs of this machine begin anew`);
  }
  const party = await openLocalParty({
    folder,
    tasksFolder,
    choice: options.choice,
    withAws: options.withAws,
    bundle: () =>
      localBundle({
        tasksFolder,
        folder: join(folder, 'bundles'),
        environment: () => taskEnvironment(tasksFolder, options.choice, cwd),
      }),
    onWarning: (warning) => options.onWarning(warning.message),
    ...(cdkOut !== undefined && { cdkOut }),
  });
  return {
    flags: options.flags,
    runsGoOn: false,
    drives: (runId) => party.drives(runId),
    caller: async () => `${env.USER ?? env.USERNAME ?? 'somebody'} on this machine`,
    send: (request) => party.request(request),
    close: () => party.close(),
  };
}

/** What is asked for is wrong also where nothing of the app is needed, as for a look. */
async function checkChoice(choice: PartyChoice, cdkOut: string | undefined): Promise<void> {
  const [flag] = Object.entries(choice).find(([, value]) => value !== undefined) ?? [];
  if (flag === undefined) return;
  if (cdkOut !== undefined && chooseParty(await readParties(cdkOut), choice) !== undefined) return;
  throw new PartyError(
    'no-cdk-out',
    cdkOut === undefined
      ? `--${flag} is looked up in cdk.out, and there is none here`
      : `--${flag} is looked up in cdk.out, and ${cdkOut} has no AfterParty construct`,
    `write it with \`npx cdk synth\`, or leave out --${flag}: the tasks on this machine need no stack`,
  );
}
