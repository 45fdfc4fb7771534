import { App, CfnCondition, CfnParameter, CfnResource, Fn, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { addParty, resourceOf, shopStack, unbundledApp } from './app-under-test.ts';

/** Any resource will do. */
function resource(scope: Construct, id: string, properties: Record<string, unknown> = {}): CfnResource {
  return new CfnResource(scope, id, { type: 'Test::Any::Thing', properties });
}

/** The logical ids that the party's tasks wait for. */
function waitsFor(stack: Stack, prefix = 'TasksRun'): readonly string[] {
  return resourceOf(Template.fromStack(stack), 'Custom::AfterParty', prefix).DependsOn ?? [];
}

/** Follows every DependsOn and reference in a template. */
function hasCycle(template: Template): boolean {
  const { Resources } = template.toJSON() as { Resources: Record<string, object> };
  const settled = new Set<string>();
  const visit = (id: string, path: readonly string[]): boolean => {
    if (path.includes(id)) return true;
    if (settled.has(id)) return false;
    const text = JSON.stringify(Resources[id]);
    const needed = Object.keys(Resources).filter((other) => other !== id && text.includes(`"${other}"`));
    const found = needed.some((other) => visit(other, [...path, id]));
    settled.add(id);
    return found;
  };
  return Object.keys(Resources).some((id) => visit(id, []));
}

describe('the tasks run after', () => {
  it('every resource, also those that are added later and lie deep', () => {
    const stack = shopStack();
    resource(stack, 'Before');
    addParty(stack);
    resource(new Construct(new Construct(stack, 'Outer'), 'Inner'), 'Deep');
    resource(stack, 'After');

    const template = Template.fromStack(stack);
    const { id, DependsOn } = resourceOf(template, 'Custom::AfterParty');
    const others = Object.keys(template.toJSON().Resources).filter((other) => other !== id);
    expect([...(DependsOn ?? [])].sort()).toEqual(others.sort());
    expect(others).toEqual(
      expect.arrayContaining(['Before', 'After', expect.stringMatching(/^OuterInnerDeep/)]),
    );
  });

  it('nested stacks, as a whole', () => {
    const stack = shopStack();
    addParty(stack);
    resource(new NestedStack(stack, 'Nested'), 'Inside');

    expect(waitsFor(stack)).toContainEqual(expect.stringMatching(/^NestedNestedStack/));
  });

  it('what executeAfter names, in another stack too', () => {
    const app = unbundledApp();
    const network = new Stack(app, 'Network');
    const stack = new Stack(app, 'Shop');
    addParty(stack, { executeAfter: [resource(network, 'Link')] });

    app.synth();

    expect(stack.dependencies).toContain(network);
  });

  it('conditional resources, by a reference under the same condition', () => {
    const stack = shopStack();
    addParty(stack);
    const optional = resource(stack, 'Optional');
    optional.cfnOptions.condition = new CfnCondition(stack, 'Wanted', {
      expression: Fn.conditionEquals(new CfnParameter(stack, 'Choice').valueAsString, 'yes'),
    });

    const run = resourceOf(Template.fromStack(stack), 'Custom::AfterParty');
    expect(run.DependsOn).not.toContain('Optional');
    expect(run.Metadata?.['after-party:waits-for']).toEqual([
      { 'Fn::If': ['Wanted', { Ref: 'Optional' }, { Ref: 'AWS::NoValue' }] },
    ]);
  });

  it('all but what the CDK adds for its statistics', () => {
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, analyticsReporting: true });
    const stack = new Stack(app, 'Shop');
    addParty(stack);

    const template = Template.fromStack(stack);
    expect(Object.keys(template.findResources('AWS::CDK::Metadata'))).toEqual(['CDKMetadata']);
    expect(JSON.stringify(resourceOf(template, 'Custom::AfterParty'))).not.toContain('CDKMetadata');
  });
});

describe('the tasks do not wait for what needs them', () => {
  it.each<[string, (later: CfnResource, party: Construct, run: CfnResource) => void]>([
    ['depends on the party', (later, party) => later.node.addDependency(party)],
    ['depends on the custom resource', (later, _party, run) => later.addDependency(run)],
    [
      'refers to the custom resource',
      (later, _party, run) => later.addPropertyOverride('Outcome', run.getAtt('Outcome')),
    ],
    [
      'refers to it within a text',
      (later, _party, run) => later.addPropertyOverride('Text', `it ended: ${run.ref}!`),
    ],
    [
      'names it in Fn::Sub',
      (later, _party, run) =>
        later.addPropertyOverride('Text', { 'Fn::Sub': `is \${${logicalId(run)}.Outcome}` }),
    ],
    [
      'names it in Fn::GetAtt',
      (later, _party, run) => later.addPropertyOverride('Text', Fn.getAtt(logicalId(run), 'Outcome')),
    ],
    ['names it in DependsOn', (later, _party, run) => later.addOverride('DependsOn', [logicalId(run)])],
  ])('where it %s', (_what, relate) => {
    const stack = shopStack();
    const party = addParty(stack);
    const later = resource(stack, 'Later');
    const evenLater = resource(stack, 'EvenLater');
    evenLater.addDependency(later);
    resource(stack, 'Other');
    relate(later, party, party.node.findChild('Run').node.defaultChild as CfnResource);

    const dependencies = waitsFor(stack);
    expect(dependencies).toContain('Other');
    expect(dependencies).not.toContain('Later');
    expect(dependencies).not.toContain('EvenLater');
    expect(hasCycle(Template.fromStack(stack))).toBe(false);
  });

  it('where a part of a construct does, and waits for the other part', () => {
    const stack = shopStack();
    const party = addParty(stack);
    const service = new Construct(stack, 'Service');
    resource(service, 'Cluster');
    resource(service, 'Smoke').node.addDependency(party);

    const dependencies = waitsFor(stack);
    expect(dependencies).toContainEqual(expect.stringMatching(/^ServiceCluster/));
    expect(dependencies).not.toContainEqual(expect.stringMatching(/^ServiceSmoke/));
    expect(hasCycle(Template.fromStack(stack))).toBe(false);
  });

  it('where a resource in a nested stack does', () => {
    const stack = shopStack();
    const party = addParty(stack);
    const run = party.node.findChild('Run').node.defaultChild as CfnResource;
    const nested = new NestedStack(stack, 'Nested');
    resource(nested, 'Inside', { Outcome: run.getAtt('Outcome') });
    resource(new NestedStack(stack, 'Free'), 'Inside');

    const dependencies = waitsFor(stack);
    expect(dependencies).not.toContainEqual(expect.stringMatching(/^NestedNestedStack/));
    expect(dependencies).toContainEqual(expect.stringMatching(/^FreeNestedStack/));
    expect(hasCycle(Template.fromStack(stack))).toBe(false);
  });

  it('where executeBefore names it', () => {
    const stack = shopStack();
    const later = new Construct(stack, 'Later');
    resource(later, 'Thing');
    addParty(stack, { executeBefore: [later] });

    const template = Template.fromStack(stack);
    const run = resourceOf(template, 'Custom::AfterParty');
    expect(resourceOf(template, 'Test::Any::Thing').DependsOn).toEqual([run.id]);
    expect(run.DependsOn).not.toContainEqual(expect.stringMatching(/^Later/));
  });

  it('and a resource of the same name in another stack is none of them', () => {
    const app = unbundledApp();
    const other = new Stack(app, 'Other');
    resource(other, 'Later');
    const stack = new Stack(app, 'Shop');
    const party = addParty(stack);
    resource(stack, 'Later').node.addDependency(party);
    resource(stack, 'Independent', { Id: (other.node.findChild('Later') as CfnResource).ref });

    expect(waitsFor(stack)).toContain('Independent');
  });
});

describe('in a nested stack', () => {
  it('the tasks wait for that stack, and the parent may need them', () => {
    const stack = shopStack();
    const nested = new NestedStack(stack, 'Nested');
    const input = resource(stack, 'Input');
    resource(nested, 'Inside', { Input: input.ref });
    const party = addParty(nested);
    const run = party.node.findChild('Run').node.defaultChild as CfnResource;
    resource(stack, 'Output', { Outcome: run.getAtt('Outcome') });

    expect(waitsFor(nested)).toContain('Inside');
    expect(hasCycle(Template.fromStack(stack))).toBe(false);
    expect(hasCycle(Template.fromStack(nested))).toBe(false);
  });

  it('of a stage they do too', () => {
    const stage = new Stage(unbundledApp(), 'Prod');
    const stack = new Stack(stage, 'Shop');
    resource(stack, 'Thing');
    addParty(stack);

    expect(waitsFor(stack)).toContain('Thing');
  });
});

describe('several parties in a stack', () => {
  it('do not wait for each other', () => {
    const stack = shopStack();
    addParty(stack, {}, 'One');
    addParty(stack, {}, 'Two');
    resource(stack, 'Thing');

    const [one, two] = [waitsFor(stack, 'OneRun'), waitsFor(stack, 'TwoRun')];
    expect(one).toContain('Thing');
    expect(two).toContain('Thing');
    expect(one.filter((id) => id.startsWith('Two'))).toEqual([]);
    expect(two.filter((id) => id.startsWith('One'))).toEqual([]);
  });

  it('wait for each other where executeAfter says so', () => {
    const stack = shopStack();
    const one = addParty(stack, {}, 'One');
    addParty(stack, { executeAfter: [one] }, 'Two');

    expect(waitsFor(stack, 'TwoRun')).toContainEqual(expect.stringMatching(/^OneRun/));
    expect(hasCycle(Template.fromStack(stack))).toBe(false);
  });

  it('have no cycle where each has something that needs it', () => {
    const stack = shopStack();
    const one = addParty(stack, {}, 'One');
    const two = addParty(stack, {}, 'Two');
    resource(stack, 'AfterOne').node.addDependency(one);
    resource(stack, 'AfterTwo').node.addDependency(two);

    expect(hasCycle(Template.fromStack(stack))).toBe(false);
    expect(waitsFor(stack, 'TwoRun')).toContain('AfterOne');
    expect(waitsFor(stack, 'OneRun')).not.toContain('AfterTwo');
  });

  it('have no cycle where the first runs after the second', () => {
    const stack = shopStack();
    const one = addParty(stack, {}, 'One');
    const two = addParty(stack, {}, 'Two');
    one.node.findChild('Run').node.addDependency(two);
    resource(stack, 'AfterOne').node.addDependency(one);
    resource(stack, 'AfterTwo').node.addDependency(two);

    expect(hasCycle(Template.fromStack(stack))).toBe(false);
    expect(waitsFor(stack, 'OneRun')).toContain('AfterTwo');
  });

  it('stay in order when the app is synthesised again', () => {
    const app = unbundledApp();
    const stack = new Stack(app, 'Shop');
    resource(stack, 'AfterOne').node.addDependency(addParty(stack, {}, 'One'));
    resource(stack, 'AfterTwo').node.addDependency(addParty(stack, {}, 'Two'));
    const first = Template.fromStack(stack).toJSON();

    app.synth({ force: true });

    expect(Template.fromStack(stack).toJSON()).toEqual(first);
  });
});

describe('fails', () => {
  it('for a party whose own parts would be deployed after its tasks', () => {
    const app = unbundledApp();
    const stack = new Stack(app, 'Shop');
    const wrapper = new Construct(stack, 'Wrapper');
    const party = addParty(stack, { executeBefore: [wrapper] });
    const topic = resource(wrapper, 'Topic');
    party.addEnvironment('TOPIC', topic.ref);

    expect(() => app.synth()).toThrow(
      /Shop\/Tasks\/Runner\/Resource would be deployed after the tasks, which need it/,
    );
  });
});

function logicalId(of: CfnResource): string {
  return of.stack.resolve(of.logicalId);
}
