import { PartyError } from '../../functions/errors.ts';
import { PartyClient } from './party-client.ts';

/** The flags that say which party is meant. */
export interface PartyOptions {
  readonly stack?: string;
  readonly party?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly local?: boolean;
  readonly withAws?: boolean;
}

/** Where the CLI was started. */
export interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Is told what does not keep the party from being opened. */
  readonly onWarning: (message: string) => void;
}

/**
 * Opens the party that the flags, or AFTER_PARTY_STACK, name.
 * @throws PartyError `no-stack-named`, and what keeps the party from being reached
 */
export async function connect(options: PartyOptions, place: Place): Promise<PartyClient> {
  const { party, profile, region } = options;
  if (options.withAws === true && options.local !== true) {
    throw new PartyError(
      'usage',
      '--with-aws is for --local: a deployed party reaches AWS anyway',
      'leave it out, or add --local',
    );
  }
  if (options.local === true) {
    const { openLocalConnection } = await import('./local-connection.ts');
    const withAws = options.withAws === true;
    const flags = ` --local${withAws ? ' --with-aws' : ''}${flagsOf({ stack: options.stack, party })}`;
    const choice = { stack: options.stack, party };
    return new PartyClient(
      await openLocalConnection({ choice, withAws, flags, onWarning: place.onWarning }, place),
    );
  }
  const stack = options.stack ?? place.env.AFTER_PARTY_STACK;
  if (stack === undefined || stack === '') {
    throw new PartyError(
      'no-stack-named',
      'no stack was named',
      'name it with --stack NAME or AFTER_PARTY_STACK, or use --local for the tasks on this machine',
    );
  }
  const { openRemoteConnection } = await import('./remote-connection.ts');
  const flags = flagsOf({ stack: options.stack, party, profile, region });
  return new PartyClient(await openRemoteConnection({ stack, party, profile, region, flags }));
}

/** The flags as a person would type them again. */
function flagsOf(values: Record<string, string | undefined>): string {
  return Object.entries(values)
    .map(([flag, value]) => (value === undefined ? '' : ` --${flag} ${shellWord(value)}`))
    .join('');
}

function shellWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
