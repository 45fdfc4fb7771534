import { type PartyChoice, readApp, readLocalEnv } from '../../functions/local/index.ts';
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
  const app = cdkOut === undefined ? undefined : await readApp(cdkOut, { stack, env, party });
  return { ...app?.environment, ...(await readLocalEnv(tasksFolder)) };
}
