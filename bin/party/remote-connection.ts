import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { explainAwsError } from './aws-errors.ts';
import { findControllers } from './find-controllers.ts';
import { invokeController } from './lambda-controller.ts';
import { type Connection, PartyClient } from './party-client.ts';

export interface RemoteOptions {
  readonly stack: string;
  readonly party?: string | undefined;
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
  readonly flags: string;
}

/**
 * Finds a deployed party's controller.
 * @throws PartyError that says why there is none, or which ones there are
 */
export async function openRemoteConnection(options: RemoteOptions): Promise<Connection> {
  const { profile, region } = options;
  const config = { ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) };
  const cloudFormation = new CloudFormationClient(config);
  const lambda = new LambdaClient(config);
  const connect = (functionName: string): Connection => ({
    flags: options.flags,
    runsGoOn: true,
    caller: () => callerArn(new STSClient(config), profile),
    send: (request) => invokeController(lambda, { functionName, profile }, request as { request: string }),
    close: async () => lambda.destroy(),
  });
  try {
    const connections = (await findControllers(cloudFormation, options)).map(connect);
    return await choose(connections, options);
  } finally {
    cloudFormation.destroy();
  }
}

async function choose(
  connections: readonly Connection[],
  { stack, party }: RemoteOptions,
): Promise<Connection> {
  const [only, ...others] = connections;
  if (only !== undefined && others.length === 0 && party === undefined) return only;
  const named = await Promise.all(
    connections.map(async (connection) => ({ connection, name: await partyName(connection) })),
  );
  const chosen = named.find(({ name }) => name === party);
  if (chosen !== undefined) return chosen.connection;
  const names = named.map(({ name }) => name).sort();
  throw new PartyError(
    party === undefined ? 'several-parties' : 'unknown-party',
    party === undefined
      ? `the stack "${stack}" has ${names.length} parties`
      : `the stack "${stack}" has no party "${party}"`,
    `name one of them: ${names.map((name) => `--party ${name}`).join(' | ')}`,
  );
}

async function partyName(connection: Connection): Promise<string> {
  return (await new PartyClient(connection).ask({ request: 'status' })).party;
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
