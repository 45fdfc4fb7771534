import { Aws, type CfnResource, Fn, type IResolvable, Lazy, type Stack } from 'aws-cdk-lib';
import { Dependable, type IConstruct, type IDependable } from 'constructs';
import { StackGraph } from './stack-graph.ts';

/** Marks parties across copies of this package: the value is the custom resource that runs the tasks. */
const RUN: unique symbol = Symbol.for('after-party.run');

interface Party extends IConstruct {
  readonly [RUN]: CfnResource;
}

/** Declares a construct a party, whose tasks run when CloudFormation comes to the resource. */
export function markParty(construct: IConstruct, run: CfnResource): void {
  Object.defineProperty(construct, RUN, { value: run });
}

function isParty(construct: IConstruct): boolean {
  return RUN in construct;
}

/**
 * Has the tasks of a party run after all else in its stack: every resource but those of other parties and those that
 * need the tasks to have run. Looked at when the app is synthesised, so that what is added later counts.
 */
export function runAfterRestOfStack(stack: Stack, run: CfnResource): void {
  let conditional: CfnResource[] = [];
  const rest: IDependable = {};
  Dependable.implement(rest, {
    get dependencyRoots() {
      const { rest: resources } = restOf(stack, run);
      conditional = resources.filter(({ cfnOptions }) => cfnOptions.condition !== undefined);
      return resources.filter(({ cfnOptions }) => cfnOptions.condition === undefined);
    },
  });
  run.node.addDependency(rest);
  // DependsOn may not name a resource that may not be made; a reference under the same condition orders them as well.
  // Not cached: it is rendered once before it is known.
  const references = { produce: () => conditional.map(referenceIfMade) };
  run.addMetadata('after-party:waits-for', Lazy.uncachedAny(references, { omitEmptyArray: true }));
}

function referenceIfMade({ ref, cfnOptions: { condition } }: CfnResource): IResolvable | string {
  return condition === undefined ? ref : Fn.conditionIf(condition.logicalId, ref, Aws.NO_VALUE);
}

/** The resources of a party that wait for its own tasks, which cannot run without them. */
export function circularResources(party: IConstruct, stack: Stack, run: CfnResource): CfnResource[] {
  const { dependents } = restOf(stack, run);
  return [...dependents].filter((resource) => resource !== run && party.node.findAll().includes(resource));
}

function restOf(stack: Stack, run: CfnResource): { rest: CfnResource[]; dependents: Set<CfnResource> } {
  const parties = partiesOf(stack);
  const runs = new Set<IConstruct>(parties.map((party) => party[RUN]));
  const owners = new Map(
    parties.flatMap((party) =>
      party.node.findAll().map((construct): [IConstruct, Party] => [construct, party]),
    ),
  );
  const graph = new StackGraph(stack, (construct) => runs.has(construct));
  // From the last to the first: where what depends on one party could wait for another, the later one waits.
  for (const party of parties.reverse()) {
    const dependents = graph.dependentsOf(party[RUN]);
    const rest = graph.resources.filter(
      (resource) => !dependents.has(resource) && (owners.get(resource) ?? party) === party,
    );
    if (party[RUN] === run) return { rest, dependents };
    graph.add(party[RUN], rest);
  }
  throw new Error(`${run.node.path} is not the run of a party in ${stack.node.path}`);
}

/** The parties of one stack; those of stacks nested in it are not among them. */
export function partiesOf(stack: Stack): Party[] {
  return stack.node
    .findAll()
    .filter((construct): construct is Party => isParty(construct) && runsIn(construct));

  function runsIn(construct: IConstruct): boolean {
    return (construct as Party)[RUN].stack === stack;
  }
}
