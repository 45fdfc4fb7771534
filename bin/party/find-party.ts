import { PartyError } from '../../functions/errors.ts';
import { type AppParty, chooseParty, readParties } from '../../functions/local/app-parties.ts';
import { cdkOutFolder } from '../project/cdk-out-folder.ts';
import type { PartyOptions, Place } from './connect.ts';

/** A deployed party, by what AWS knows it by. */
export interface PartyTarget {
  readonly stack: string;
  readonly party: string | undefined;
  readonly region: string | undefined;
}

/**
 * The deployed party that is meant: by `--stack` or `--env`, the only one in `cdk.out`, or in `AFTER_PARTY_STACK`.
 * @throws PartyError `no-stack-named`, `which-party`, `unknown-environment`, `unknown-party`, `no-cdk-out`,
 * `bad-cdk-out`, `bad-cdk-json`
 */
export async function findParty(options: PartyOptions, place: Place): Promise<PartyTarget> {
  const { stack, env, party, region } = options;
  if (stack !== undefined) return { stack, party, region };
  const cdkOut = cdkOutFolder(place.cwd);
  const parties = cdkOut === undefined ? [] : await readParties(cdkOut);
  if (env !== undefined) {
    const chosen = chooseParty(parties, { env, party });
    if (chosen === undefined) throw unknownApp(env, cdkOut);
    return targetOf(chosen, parties, options);
  }
  const fitting = parties.filter((one) => party === undefined || one.party === party);
  const [only, ...others] = fitting;
  const named = place.env.AFTER_PARTY_STACK || undefined;
  if (only !== undefined && others.length === 0) {
    if (named !== undefined && named !== only.stack) place.onWarning(leftOut(named, only.stack));
    return targetOf(only, parties, options);
  }
  if (named !== undefined) return { stack: named, party, region };
  // With several to choose from, this says which.
  chooseParty(parties, { party });
  throw unnamed(cdkOut);
}

/** The stack's region is known from `cdk.out`; what a person says counts more. */
function targetOf(chosen: AppParty, all: readonly AppParty[], options: PartyOptions): PartyTarget {
  const several = all.filter(({ stack }) => stack === chosen.stack).length > 1;
  return {
    stack: chosen.stack,
    party: options.party ?? (several ? chosen.party : undefined),
    region: options.region ?? chosen.region,
  };
}

function leftOut(named: string, taken: string): string {
  return `this is ${taken}, the only stack with tasks in cdk.out; AFTER_PARTY_STACK names ${named}, which --stack ${named} would take`;
}

function unknownApp(env: string, cdkOut: string | undefined): PartyError {
  return new PartyError(
    cdkOut === undefined ? 'no-cdk-out' : 'unknown-environment',
    cdkOut === undefined
      ? `--env ${env} is looked up in cdk.out, and there is none here`
      : `--env ${env} is looked up in cdk.out, and ${cdkOut} has no AfterParty construct`,
    'write it with `npx cdk synth` in the folder of the CDK app, or name the stack with --stack',
  );
}

function unnamed(cdkOut: string | undefined): PartyError {
  return new PartyError(
    'no-stack-named',
    cdkOut === undefined
      ? 'no stack was named, and there is no cdk.out that would say it'
      : `no stack was named, and ${cdkOut} has no AfterParty construct`,
    'name it with --stack NAME or AFTER_PARTY_STACK, or use --local for the tasks on this machine',
  );
}
