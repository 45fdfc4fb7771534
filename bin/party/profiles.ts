import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PartyError } from '../../functions/errors.ts';
import { nearestWord } from '../../functions/task/nearest-word.ts';

/**
 * Checks the name of a profile before AWS is asked: with a misspelt one the SDK misses the region, or whatever comes first.
 * @throws PartyError `no-profile`
 */
export function checkProfile(name: string, env: NodeJS.ProcessEnv): void {
  const known = profileNames(env);
  if (known.includes(name)) return;
  const meant = nearestWord(name, known);
  const list = known.length === 0 ? 'there is none at all' : `there is ${known.join(', ')}`;
  throw new PartyError(
    'no-profile',
    `there is no profile "${name}" in ${configFiles(env).join(' or ')}`,
    meant === undefined
      ? `${list}; \`aws configure sso --profile ${name}\` makes it`
      : `did you mean ${meant}? (${list})`,
  );
}

/** The profiles that are configured on this machine. */
export function profileNames(env: NodeJS.ProcessEnv): string[] {
  const [config, credentials] = configFiles(env).map((file) =>
    existsSync(file) ? readFileSync(file, 'utf8') : '',
  );
  const inConfig = sections(config ?? '').flatMap((section) =>
    section === 'default' ? section : (/^profile\s+(.+)$/.exec(section)?.[1] ?? []),
  );
  return [...new Set([...inConfig, ...sections(credentials ?? '')])].sort();
}

function configFiles(env: NodeJS.ProcessEnv): [config: string, credentials: string] {
  const place = (variable: string, name: string) => env[variable] || join(homedir(), '.aws', name);
  return [place('AWS_CONFIG_FILE', 'config'), place('AWS_SHARED_CREDENTIALS_FILE', 'credentials')];
}

function sections(text: string): string[] {
  return [...text.matchAll(/^\s*\[\s*([^\]]*?)\s*\]/gm)].map(([, name = '']) =>
    name.replace(/^(profile\s+)?["'](.*)["']$/, '$1$2'),
  );
}
