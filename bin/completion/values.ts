import type { Option } from 'commander';
import { isPartyError } from '../../functions/errors.ts';
import type { AppParty } from '../../functions/local/app-parties.ts';
import { nearestFolderWith } from '../project/app-folder.ts';
import { localTasksNear } from '../project/local-tasks.ts';
import type { Candidate } from './candidates.ts';

/** What of the command line says which values fit. */
export interface Typed {
  /** The arguments before the value. */
  readonly given: readonly string[];
  /** The values of the flags before it, by their long names. */
  readonly values: ReadonlyMap<string, string>;
  /** The value, as far as it is there. */
  readonly text: string;
}

/** Where the shell is. */
export interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The values that a flag may have, as far as this machine knows them. */
export async function valuesOf(option: Option, typed: Typed, place: Place): Promise<readonly Candidate[]> {
  if (option.argChoices !== undefined) return plain(option.argChoices);
  switch (option.long) {
    case '--task':
    case '--until':
      return tasks(typed.given, typed.text, place.cwd);
    case '--env':
      return unique(environments(await partiesNear(place.cwd)));
    case '--stack':
      return unique(stacks(await partiesNear(place.cwd)));
    case '--party':
      return unique(names((await partiesNear(place.cwd)).filter((party) => isMeant(party, typed.values))));
    case '--compare':
      return sideBySide(await partiesNear(place.cwd), typed.text);
    case '--profile': {
      const { profileNames } = await import('../party/profiles.ts');
      return plain(profileNames(place.env));
    }
    case '--template': {
      const { templateNames } = await import('../project/templates.ts');
      const app = nearestFolderWith('cdk.json', place.cwd);
      return plain(templateNames(app));
    }
    default:
      return [];
  }
}

/** The tasks on this machine, by name, or by version where one was begun. */
export function tasks(given: readonly string[], text: string, cwd: string): Candidate[] {
  const byVersion = /^\d/.test(text);
  return localTasksNear(cwd)
    .filter(({ version, name }) => !given.includes(version) && !given.includes(name))
    .map(({ version, name }) =>
      byVersion ? { value: version, description: name } : { value: name, description: version },
    );
}

export function plain(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, description: '' }));
}

/** The parties of the app around the folder; none where it was not synthesised, or cannot be read: here nobody is told. */
async function partiesNear(cwd: string): Promise<readonly AppParty[]> {
  if (nearestFolderWith('cdk.json', cwd) === undefined) return [];
  const { cdkOutFolder } = await import('../project/cdk-out-folder.ts');
  try {
    const folder = cdkOutFolder(cwd);
    if (folder === undefined) return [];
    const { readParties } = await import('../../functions/local/app-parties.ts');
    return await readParties(folder);
  } catch (error) {
    if (isPartyError(error)) return [];
    throw error;
  }
}

function environments(parties: readonly AppParty[]): Candidate[] {
  return parties.flatMap(({ environmentName, stack }) =>
    environmentName === undefined ? [] : { value: environmentName, description: stack },
  );
}

function stacks(parties: readonly AppParty[]): Candidate[] {
  return parties.map(({ stack, environmentName = '' }) => ({ value: stack, description: environmentName }));
}

function names(parties: readonly AppParty[]): Candidate[] {
  return parties.map(({ party, stack }) => ({ value: party, description: stack }));
}

function isMeant({ stack, environmentName }: AppParty, values: Typed['values']): boolean {
  const [named, env] = [values.get('--stack'), values.get('--env')];
  return (named === undefined || named === stack) && (env === undefined || env === environmentName);
}

/** Two environments or stacks with a comma between them. */
function sideBySide(parties: readonly AppParty[], text: string): Candidate[] {
  const [first, ...second] = text.split(',');
  const all = unique([...environments(parties), ...stacks(parties)]);
  if (second.length === 0) return all;
  const others = all.filter(({ value }) => value !== first);
  return others.map(({ value, description }) => ({ value: `${first},${value}`, description }));
}

function unique(candidates: readonly Candidate[]): Candidate[] {
  return [...new Map(candidates.map((candidate) => [candidate.value, candidate])).values()];
}
