import { readFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { messageOf, PartyError } from '../errors.ts';
import type { Database } from './database.ts';

/** What any program needs of the machine; the rest of the shell's variables is not there on Lambda either. */
const SYSTEM_VARIABLES = new Set([
  ...['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_EXTRA_CA_CERTS', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
  ...['SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA'],
]);

/** The region of the database on this machine. */
export const LOCAL_REGION = 'us-east-1';

export interface RunnerEnvironmentOptions {
  readonly database: Pick<Database, 'endpoint' | 'noAwsEndpoint'>;
  /** The variables of this process. */
  readonly machine: NodeJS.ProcessEnv;
  /** What the tasks are given, the later ones first in rank. */
  readonly tasks: readonly Readonly<Record<string, string>>[];
  /** The party's own. */
  readonly party: Readonly<Record<string, string>>;
  readonly withAws: boolean;
}

/**
 * All variables of a runner process. DynamoDB is the one on this machine; without `withAws` nothing else of
 * AWS can be reached, whatever the machine or the tasks' variables say.
 */
export function runnerEnvironment(options: RunnerEnvironmentOptions): Record<string, string> {
  const { database, machine, tasks, party, withAws } = options;
  const inherited = pick(
    machine,
    (name) => SYSTEM_VARIABLES.has(name.toUpperCase()) || (withAws && name.startsWith('AWS_')),
  );
  const given = Object.assign({}, ...tasks) as Record<string, string>;
  return {
    TZ: 'UTC',
    ...inherited,
    ...(withAws ? given : pick(given, (name) => !name.startsWith('AWS_'))),
    ...(!withAws && {
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: LOCAL_REGION,
      AWS_DEFAULT_REGION: LOCAL_REGION,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: database.noAwsEndpoint,
    }),
    AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
    ...party,
  };
}

/**
 * The variables in the tasks' `.env.local`; none where there is no such file.
 * @throws PartyError `local-env` where it cannot be read
 */
export async function readLocalEnv(tasksFolder: string): Promise<Record<string, string>> {
  const file = join(tasksFolder, '.env.local');
  try {
    return pick(parseEnv(await readFile(file, 'utf8')), () => true);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new PartyError('local-env', `${file} cannot be read: ${messageOf(error)}`, undefined, {
      cause: error,
    });
  }
}

function pick(variables: NodeJS.ProcessEnv, isWanted: (name: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && isWanted(name)) picked[name] = value;
  }
  return picked;
}
