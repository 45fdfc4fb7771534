import type { IPostProcessor, IResolvable, IResolveContext } from 'aws-cdk-lib';
import { CfnResource, DefaultTokenResolver, Reference, Stack, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Which resources of a stack need which others, by construct dependencies, DependsOn and references. A nested stack
 * is one resource of it, whatever is inside.
 */
export class StackGraph {
  readonly resources: readonly CfnResource[];
  readonly #stack: Stack;
  readonly #dependents = new Map<CfnResource, Set<CfnResource>>();

  /** @param ignored constructs whose own construct dependencies are left out */
  constructor(stack: Stack, ignored: (construct: IConstruct) => boolean) {
    this.#stack = stack;
    const constructs = stack.node.findAll();
    const all = constructs.filter(CfnResource.isCfnResource);
    this.resources = all.filter((resource) => resource.stack === stack && !isAnalytics(resource));
    for (const construct of constructs) {
      if (!ignored(construct)) this.#addConstructDependencies(construct);
    }
    const byLogicalId = new Map(
      this.resources.map((resource) => [String(stack.resolve(resource.logicalId)), resource]),
    );
    for (const resource of all) this.#addReferences(resource, byLogicalId);
  }

  add(dependent: CfnResource, dependencies: Iterable<CfnResource>): void {
    for (const dependency of dependencies) {
      if (dependency === dependent) continue;
      const dependents = this.#dependents.get(dependency) ?? new Set();
      this.#dependents.set(dependency, dependents.add(dependent));
    }
  }

  /** The resource and all that need it, directly or through others. */
  dependentsOf(resource: CfnResource): Set<CfnResource> {
    const found = new Set([resource]);
    for (const member of found) {
      for (const dependent of this.#dependents.get(member) ?? []) found.add(dependent);
    }
    return found;
  }

  #addConstructDependencies(construct: IConstruct): void {
    const dependencies = construct.node.dependencies.flatMap((dependency) => this.#resourcesIn(dependency));
    if (dependencies.length === 0) return;
    for (const resource of this.#resourcesIn(construct)) this.add(resource, dependencies);
  }

  #addReferences(resource: CfnResource, byLogicalId: ReadonlyMap<string, CfnResource>): void {
    const dependent = this.#ownResource(resource);
    if (dependent === undefined) return;
    const resolver = new ReferenceFinder(resource.stack);
    const rendered: unknown = Tokenization.resolve(resource._toCloudFormation(), {
      scope: resource,
      resolver,
    });
    this.add(
      dependent,
      resolver.targets.flatMap((target) => this.#ownResource(target) ?? []),
    );
    if (resource.stack !== this.#stack) return;
    this.add(
      dependent,
      [...logicalIdsIn(rendered)].flatMap((id) => byLogicalId.get(id) ?? []),
    );
  }

  #resourcesIn(construct: IConstruct): CfnResource[] {
    const resources = construct.node.findAll().filter(CfnResource.isCfnResource);
    return resources.flatMap((resource) => this.#ownResource(resource) ?? []);
  }

  /** The stack's own resource that is, or through nested stacks contains, this one; none for one of another stack. */
  #ownResource(resource: CfnResource): CfnResource | undefined {
    if (resource.stack === this.#stack) return resource;
    const { nestedStackResource } = resource.stack;
    return nestedStackResource === undefined ? undefined : this.#ownResource(nestedStackResource);
  }
}

/** What the CDK adds for its own statistics. */
function isAnalytics(resource: CfnResource): boolean {
  return resource.cfnResourceType === 'AWS::CDK::Metadata';
}

/** Resolves tokens, and takes down those that refer to another stack, for which the template has no name yet. */
class ReferenceFinder extends DefaultTokenResolver {
  readonly targets: CfnResource[] = [];
  readonly #stack: Stack;

  constructor(stack: Stack) {
    super({ join: concatenate });
    this.#stack = stack;
  }

  override resolveToken(
    token: IResolvable,
    context: IResolveContext,
    postProcessor: IPostProcessor,
  ): unknown {
    if (!Reference.isReference(token) || Stack.of(token.target) === this.#stack) {
      return super.resolveToken(token, context, postProcessor);
    }
    // Parameters and pseudo parameters are references too.
    if (CfnResource.isCfnResource(token.target)) this.targets.push(token.target);
    return token.displayName;
  }
}

/** As CloudFormation would be told to; a plain string would lose the references within. */
function concatenate(left: unknown, right: unknown): unknown {
  if (left === undefined || right === undefined) return left ?? right;
  return typeof left === 'string' && typeof right === 'string'
    ? left + right
    : { 'Fn::Join': ['', [left, right]] };
}

/** The names that Ref, Fn::GetAtt, Fn::Sub and DependsOn refer to, anywhere in a part of a template. */
function* logicalIdsIn(part: unknown): Generator<string> {
  if (typeof part !== 'object' || part === null) return;
  for (const [key, value] of Object.entries(part)) {
    if (key === 'Ref' || key === 'DependsOn') yield* stringsIn(value);
    if (key === 'Fn::GetAtt')
      yield* [...stringsIn(value)].slice(0, 1).map((name) => name.split('.')[0] ?? name);
    if (key === 'Fn::Sub') {
      for (const text of stringsIn(value)) {
        for (const [, name] of text.matchAll(/\$\{([A-Za-z0-9]+)/g)) if (name !== undefined) yield name;
      }
    }
    yield* logicalIdsIn(value);
  }
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const item of value) yield* stringsIn(item);
}
