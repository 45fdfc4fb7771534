import type { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** A stack, and those that it is nested in, up to the root. */
export function withParents(stack: Stack): [Stack, ...Stack[]] {
  return stack.nestedStackParent === undefined ? [stack] : [stack, ...withParents(stack.nestedStackParent)];
}

/** The ids of the constructs from below a stack down to this one. */
export function idsBelow(stack: Stack, construct: IConstruct): string[] {
  const { scopes } = construct.node;
  return scopes.slice(scopes.indexOf(stack) + 1).map(({ node }) => node.id);
}
