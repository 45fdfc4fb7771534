import { flagsOf } from '../../functions/flags.ts';
import { PartyClient } from './party-client.ts';

/** The flags that say which party is meant. */
export interface PartyOptions {
  readonly stack?: string;
  /** The name of its environment, as `cdk.out` has it. */
  readonly env?: string;
  readonly party?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly local?: boolean;
  readonly withAws?: boolean;
  /** Whether to empty what is kept on this machine first. */
  readonly reset?: boolean;
}

/** Where the CLI was started. */
export interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Is told what does not keep the party from being opened. */
  readonly onWarning: (message: string) => void;
}

/**
 * Opens the party that the flags, `cdk.out` or AFTER_PARTY_STACK name.
 * @throws PartyError that says what keeps the party from being found or reached
 */
export async function connect(options: PartyOptions, place: Place): Promise<PartyClient> {
  const { stack, env, party, profile, region } = options;
  const choice = { stack, env, party };
  if (options.local === true) {
    const { openLocalConnection } = await import('./local-connection.ts');
    const withAws = options.withAws === true;
    const flags = ` --local${withAws ? ' --with-aws' : ''}${flagsOf(choice)}`;
    const { onWarning } = place;
    const reset = options.reset === true;
    return new PartyClient(await openLocalConnection({ choice, withAws, reset, flags, onWarning }, place));
  }
  const [{ findParty }, { openRemoteConnection }] = await Promise.all([
    import('./find-party.ts'),
    import('./remote-connection.ts'),
  ]);
  const target = await findParty(options, place);
  const flags = flagsOf({ ...choice, profile, region });
  return new PartyClient(await openRemoteConnection({ ...target, profile, flags }, place));
}
