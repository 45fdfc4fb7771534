import { createHash } from 'node:crypto';
import { CfnResource, Stack } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { idsBelow } from './stack-path.ts';

/**
 * Gives a construct's resource a logical id that follows from where the party is and from nothing inside it: a new
 * version of this package must not replace what CloudFormation holds on to, such as the function of a ServiceToken.
 */
export function freezeLogicalId(construct: IConstruct, party: Construct, suffix: string): CfnResource {
  const resource = construct.node.defaultChild;
  if (resource === undefined || !CfnResource.isCfnResource(resource)) {
    throw new Error(`${construct.node.path} has no resource`);
  }
  const ids = idsBelow(Stack.of(party), party);
  const hash = createHash('sha256').update(ids.join('/')).digest('hex').slice(0, 8).toUpperCase();
  const readable = ids.join('').replace(/[^A-Za-z0-9]/g, '');
  resource.overrideLogicalId(`${readable.slice(0, 200)}${suffix}${hash}`);
  return resource;
}
