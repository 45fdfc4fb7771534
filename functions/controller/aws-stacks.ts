import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { retryAccessDenied } from '../access-denied.ts';
import type { StackStates } from './ports.ts';

/** What CloudFormation says of the party's stack and its root. */
export function cloudFormationStacks(): StackStates {
  const client = new CloudFormationClient();
  const describe = async (StackName: string): Promise<{ status: string; rootId: string | undefined }> => {
    const { Stacks } = await retryAccessDenied(() => client.send(new DescribeStacksCommand({ StackName })));
    const [stack] = Stacks ?? [];
    if (stack?.StackStatus === undefined) throw new Error(`CloudFormation described no stack ${StackName}`);
    return { status: stack.StackStatus, rootId: stack.RootId };
  };
  return {
    async describe(stackId) {
      const { status, rootId } = await describe(stackId);
      const root = rootId === undefined || rootId === stackId ? undefined : await describe(rootId);
      return { status, rootStatus: root?.status ?? status };
    },
  };
}
