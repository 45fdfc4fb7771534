import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PartyError } from '../../functions/errors.ts';

/** The nearest folder at or above this one that holds such a file. */
export function nearestFolderWith(file: string, start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, file))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * The folder of the CDK app: where `cdk.json` lies.
 * @throws PartyError `no-app`
 */
export function appFolder(cwd: string): string {
  const folder = nearestFolderWith('cdk.json', cwd);
  if (folder !== undefined) return folder;
  throw new PartyError(
    'no-app',
    `there is no cdk.json in ${cwd} or above it`,
    'run this inside the folder of a CDK app; `npx cdk init app --language typescript` makes one, and ' +
      '`npx after-party init --standalone` one for the tasks of what is deployed with something else',
  );
}
