import {
  type CloudFormationClient,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { explainAwsError } from './aws-errors.ts';

/** What the CLI was told of the stack. */
export interface StackOptions {
  readonly stack: string;
  /** That of `--profile` or AWS_PROFILE. */
  readonly profile: string | undefined;
  /** What is known on this machine of a stack that is not found: what to do then. */
  readonly hint: (stack: string, region: string) => Promise<string>;
}

/** The function of one party. */
export interface Controller {
  readonly functionName: string;
  /** The stack that the party is in; a nested one has a name of its own. */
  readonly stack: string;
}

/**
 * The controllers in a stack, one per party; where it has none, those in the stacks nested in it. The list is read
 * page by page: DescribeStackResources would end after a hundred resources, and a party comes last.
 * @throws PartyError where there is no stack or no party in it, or not yet
 */
export async function findControllers(
  client: CloudFormationClient,
  options: StackOptions,
): Promise<Controller[]> {
  checkName(options.stack);
  const { controllers, refusal } = await search(client, options);
  if (controllers.length > 0) return controllers;
  throw refusal;
}

interface Found {
  readonly controllers: Controller[];
  /** Why there is none. */
  readonly refusal: PartyError;
}

async function search(client: CloudFormationClient, options: StackOptions): Promise<Found> {
  const { stack } = options;
  const resources = await listResources(client, options);
  const parties = resources.filter((resource) => resource.ResourceType === 'Custom::AfterParty');
  const functionNames = parties.flatMap((resource) => resource.PhysicalResourceId || []);
  const controllers = functionNames.map((functionName) => ({ functionName, stack }));
  const refusal = withoutParty(stack, resources, parties.length > 0);
  if (controllers.length > 0 || parties.length > 0) return { controllers, refusal };
  const nested = resources
    .filter((resource) => resource.ResourceType === 'AWS::CloudFormation::Stack')
    .flatMap((resource) => /:stack\/([^/]+)\//.exec(resource.PhysicalResourceId ?? '')?.[1] ?? []);
  const inside = await Promise.all(nested.map((name) => search(client, { ...options, stack: name })));
  return { controllers: inside.flatMap((found) => found.controllers), refusal };
}

/** CloudFormation would say it by a pattern. */
function checkName(stack: string): void {
  if (/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(stack) || /^arn:[^:]+:cloudformation:/.test(stack)) return;
  throw new PartyError(
    'usage',
    `${JSON.stringify(stack)} is no name of a stack`,
    'it has letters, digits and -, at most 128, and begins with a letter; `npx cdk list --long` shows the names',
  );
}

async function listResources(
  client: CloudFormationClient,
  { stack, profile, hint }: StackOptions,
): Promise<StackResourceSummary[]> {
  const found: StackResourceSummary[] = [];
  try {
    for await (const page of paginateListStackResources({ client }, { StackName: stack })) {
      found.push(...(page.StackResourceSummaries ?? []));
    }
  } catch (error) {
    if (/does not exist/i.test(messageOf(error))) {
      const region = await client.config.region();
      throw new PartyError(
        'no-stack',
        `there is no stack "${stack}" in ${region}, in the account of these credentials`,
        await hint(stack, region),
        { cause: error },
      );
    }
    throw explainAwsError(error, {
      action: 'cloudformation:ListStackResources',
      resource: `stack ${stack}`,
      grant:
        'let the app grant it to your role: party.grantStatus(role), or party.grantOperate(role) to run tasks too',
      profile,
    });
  }
  return found.filter((resource) => resource.ResourceStatus !== 'DELETE_COMPLETE');
}

function withoutParty(stack: string, resources: readonly StackResourceSummary[], begun: boolean): PartyError {
  if (
    begun ||
    resources.some((resource) => /^(CREATE|UPDATE|IMPORT)_IN_PROGRESS$/.test(resource.ResourceStatus ?? ''))
  ) {
    const message = `the stack "${stack}" is being deployed and has not come to its tasks yet`;
    return new PartyError('deploy-in-progress', message, 'try again in a minute');
  }
  if (resources.length === 0) {
    return new PartyError(
      'never-deployed',
      `the stack "${stack}" has no resources: it was never deployed, or that was rolled back`,
      'deploy it: npx cdk deploy',
    );
  }
  return new PartyError(
    'no-party',
    `the stack "${stack}" has no AfterParty construct`,
    'name the stack that has one with --stack, or add `new AfterParty(this, "Tasks")` to this one and deploy it',
  );
}
