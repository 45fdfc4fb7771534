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
  readonly profile?: string | undefined;
}

/**
 * The function names of the controllers in a stack, one per party. The list is read page by page:
 * DescribeStackResources would end after a hundred resources, and a party comes last.
 * @throws PartyError where there is no stack or no party in it, or not yet
 */
export async function findControllers(
  client: CloudFormationClient,
  options: StackOptions,
): Promise<string[]> {
  const resources = await listResources(client, options);
  const parties = resources.filter((resource) => resource.ResourceType === 'Custom::AfterParty');
  const names = parties.flatMap((resource) => resource.PhysicalResourceId || []);
  if (names.length > 0) return names;
  throw withoutParty(options.stack, resources, parties.length > 0);
}

async function listResources(
  client: CloudFormationClient,
  { stack, profile }: StackOptions,
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
        'check --stack, --region and --profile; `npx cdk list --long` shows the names, `npx cdk deploy` makes the stack',
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
  const nested = resources
    .filter((resource) => resource.ResourceType === 'AWS::CloudFormation::Stack')
    .map(
      (resource) =>
        /:stack\/([^/]+)\//.exec(resource.PhysicalResourceId ?? '')?.[1] ?? resource.LogicalResourceId,
    );
  return new PartyError(
    'no-party',
    `the stack "${stack}" has no AfterParty construct`,
    nested.length === 0
      ? 'name the stack that has one with --stack, or add `new AfterParty(this, "Tasks")` to this one and deploy it'
      : `if it is in a nested stack, name that one with --stack: ${nested.join(', ')}`,
  );
}
