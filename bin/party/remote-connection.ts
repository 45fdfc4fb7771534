import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { flagsOf } from '../../functions/flags.ts';
import { explainAwsError } from './aws-errors.ts';
import type { Place } from './connect.ts';
import { type Controller, findControllers } from './find-controllers.ts';
import type { PartyTarget } from './find-party.ts';
import { invokeController } from './lambda-controller.ts';
import { missingStackHint } from './missing-stack.ts';
import { type Connection, PartyClient } from './party-client.ts';
import { checkProfile } from './profiles.ts';

export interface RemoteOptions extends PartyTarget {
  readonly profile?: string | undefined;
  /** The flags that lead to this party again. */
  readonly flags: string;
}

/**
 * Finds a deployed party's controller.
 * @throws PartyError that says why there is none, or which ones there are
 */
export async function openRemoteConnection(
  options: RemoteOptions,
  { cwd, env }: Pick<Place, 'cwd' | 'env'>,
): Promise<Connection> {
  const { stack, region } = options;
  if (options.profile !== undefined) checkProfile(options.profile, env);
  const config = {
    ...(options.profile !== undefined && { profile: options.profile }),
    ...(region !== undefined && { region }),
  };
  const profile = options.profile ?? (env.AWS_PROFILE || undefined);
  const cloudFormation = new CloudFormationClient(config);
  const lambda = new LambdaClient(config);
  const connect = ({ functionName }: Controller): Connection => ({
    flags: options.flags,
    runsGoOn: true,
    drives: () => false,
    caller: () => callerArn(new STSClient(config), profile),
    send: (request) => invokeController(lambda, { functionName, profile }, request as { request: string }),
    close: async () => lambda.destroy(),
  });
  const hint = (name: string, where: string) => missingStackHint(name, where, cwd);
  try {
    const controllers = await findControllers(cloudFormation, { stack, profile, hint });
    return await choose(
      controllers.map((controller) => ({ ...controller, connection: connect(controller) })),
      options,
    );
  } finally {
    cloudFormation.destroy();
  }
}

type Candidate = Controller & { readonly connection: Connection };

async function choose(
  candidates: readonly Candidate[],
  { stack, party }: RemoteOptions,
): Promise<Connection> {
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0 && party === undefined) return only.connection;
  const asked = await Promise.allSettled(candidates.map(named));
  const known = asked.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const fitting = known.filter(({ name }) => name === party);
  if (fitting[0] !== undefined && fitting.length === 1) return fitting[0].connection;
  // One that does not say what it is may be the one that is meant.
  for (const answer of asked) if (answer.status === 'rejected') throw answer.reason;
  const list = known.map(({ name, stack: own }) =>
    flagsOf({ stack: own === stack ? undefined : own, party: name }),
  );
  throw new PartyError(
    party === undefined || fitting.length > 1 ? 'several-parties' : 'unknown-party',
    party === undefined || fitting.length > 1
      ? `the stack "${stack}" has ${known.length} parties`
      : `the stack "${stack}" has no party "${party}"`,
    `name one of them: ${list
      .map((flags) => flags.trim())
      .sort()
      .join(' | ')}`,
  );
}

async function named(candidate: Candidate): Promise<Candidate & { readonly name: string }> {
  const { party } = await new PartyClient(candidate.connection).ask({ request: 'status' });
  return { ...candidate, name: party };
}

async function callerArn(client: STSClient, profile: string | undefined): Promise<string> {
  try {
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    if (Arn === undefined) throw new Error('it named no ARN');
    return Arn;
  } catch (error) {
    throw explainAwsError(error, {
      action: 'sts:GetCallerIdentity',
      resource: 'yourself',
      grant: `who asks is recorded in the ledger: ${messageOf(error)}`,
      profile,
    });
  } finally {
    client.destroy();
  }
}
