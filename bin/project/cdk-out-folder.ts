import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { nearestFolderWith } from './app-folder.ts';

const settingsSchema = v.pipe(v.string(), v.parseJson(), v.object({ output: v.optional(v.string()) }));

/**
 * Where `cdk synth` has written the app that this folder is in; undefined outside an app, and before its first synth.
 * @throws PartyError `bad-cdk-json`
 */
export function cdkOutFolder(cwd: string): string | undefined {
  const app = nearestFolderWith('cdk.json', cwd);
  if (app === undefined) return undefined;
  const folder = resolve(app, outputOf(join(app, 'cdk.json')));
  return existsSync(join(folder, 'manifest.json')) ? folder : undefined;
}

function outputOf(file: string): string {
  try {
    return v.parse(settingsSchema, readFileSync(file, 'utf8')).output ?? 'cdk.out';
  } catch (error) {
    throw new PartyError(
      'bad-cdk-json',
      `${file} cannot be read: ${messageOf(error)}`,
      `mend it: the CDK reads it too, in ${dirname(file)}`,
      { cause: error },
    );
  }
}
