import type { PartyChoice } from '../../functions/local/app-parties.ts';
import { readLocalEnv } from '../../functions/local/runner-environment.ts';
import { cdkOutFolder } from './cdk-out-folder.ts';

/**
 * The variables of the tasks on this machine: what the synthesized app gives them, and `tasks/.env.local`.
 * @throws PartyError `bad-cdk-out`, `bad-cdk-json`, `local-env`, and where `cdk.out` has no party that is meant
 */
export async function taskEnvironment(
  tasksFolder: string,
  { stack, env, party }: PartyChoice,
  cwd: string,
): Promise<Record<string, string>> {
  const cdkOut = cdkOutFolder(cwd);
  const app = cdkOut === undefined ? {} : await appEnvironment(cdkOut, { stack, env, party });
  return { ...app, ...(await readLocalEnv(tasksFolder)) };
}

/** Loaded only here: it takes the AWS SDK with it, which no look needs. */
async function appEnvironment(
  cdkOut: string,
  choice: PartyChoice,
): Promise<Readonly<Record<string, string>>> {
  const { readApp } = await import('../../functions/local/app-environment.ts');
  return (await readApp(cdkOut, choice)).environment;
}
