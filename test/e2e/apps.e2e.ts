import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { CdkApp } from './harness/cdk-app.ts';
import { DeployedStack } from './harness/deployed-stack.ts';
import { JOURNAL, shopApp, task } from './harness/shop-app.ts';

const TASKS = { '1_first': task(), '2_second': task() };

/** The stack that `cdk init` left for us to fill. */
const STACK_MODULE = `import { AfterParty } from 'after-party';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

export class InitAppStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const journal = new TableV2(this, 'Journal', { partitionKey: { name: 'id', type: AttributeType.STRING } });
    const party = new AfterParty(this, 'Tasks', { environment: { JOURNAL_TABLE: journal.tableName } });
    journal.grantReadWriteData(party);
    new CfnOutput(this, 'JournalTable', { value: journal.tableName });
  }
}
`;

/** A snapshot of the whole template: it has to hold still from one test run to the next. */
function snapshotTest(imports: string, stack: string): string {
  return `${imports}
test('the stack holds still', () => {
  const app = new App();
  const template = Template.fromStack(${stack});
  template.hasResourceProperties('Custom::AfterParty', { Tasks: ['1_first', '2_second'] });
  expect(template.toJSON()).toMatchSnapshot();
}, 60_000);
`;
}

describe('a CommonJS app as cdk init makes it, under tsc and tsx', () => {
  const app = new CdkApp('init-app');

  it('deploys', async () => {
    await mkdir(app.folder);
    const made = await app.run('cdk', 'init', 'app', '--language', 'typescript', '--generate-only');
    expect(made.output).toContain('All done');
    // Its tsconfig.json looks for type definitions in the app's own node_modules only.
    await symlink(join('..', 'node_modules'), join(app.folder, 'node_modules'));
    await app.write({
      'lib/init-app-stack.ts': STACK_MODULE,
      'tasks/_journal.ts': JOURNAL,
      ...Object.fromEntries(Object.entries(TASKS).map(([name, text]) => [`tasks/${name}.ts`, text])),
    });
    const { app: command } = JSON.parse(await readFile(join(app.folder, 'cdk.json'), 'utf8'));
    expect(command).toContain('npx tsc && npx tsx');

    const { exitCode, output } = await app.deploy();

    expect(output).toMatch(/TasksResult\w* = 2 of 2 ran/);
    expect(exitCode, output).toBe(0);
    expect(await new DeployedStack('InitAppStack').journal()).toEqual(['first', 'second']);
  });

  it('synthesizes under its jest', async () => {
    const imports = `import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { InitAppStack } from '../lib/init-app-stack';
`;
    await app.write({
      'test/init-app.test.ts': snapshotTest(imports, `new InitAppStack(app, 'Synthesized')`),
    });

    const first = await app.run('jest');
    const second = await app.run('jest', '--ci');

    expect(first.output).toContain('1 snapshot written');
    expect(second.output).toContain('Snapshots:   1 passed');
    expect(second.exitCode).toBe(0);
  });
});

describe('an app of ES modules under plain node', () => {
  it('has the same assets in two checkouts in different folders', async () => {
    const checkouts = await Promise.all(
      ['checkout', 'elsewhere/and/deeper/checkout'].map((folder) =>
        shopApp(folder, { stack: 'Checkout', tasks: TASKS }),
      ),
    );

    for (const app of checkouts) {
      // As after an npm install of its own; hard links, since a copy would take long.
      const installed = await app.run('cp', '-Rl', join(inject('installation'), 'node_modules'), '.');
      expect(installed.output).toBe('');
      const env = { ...app.environment, CDK_VALIDATION: 'true' };
      const { exitCode, output } = await app.runIn(env, 'cdk', 'synth', '--quiet');
      expect(exitCode, output).toBe(0);
      expect(output).not.toMatch(/error|warning/i);
    }

    const [here, there] = await Promise.all(checkouts.map((app) => app.assets()));
    // The runner's and the controller's.
    expect(here).toHaveLength(2);
    expect(there).toEqual(here);
  });

  it('synthesizes under vitest', async () => {
    const app = new CdkApp('checkout');
    const imports = `import { AfterParty } from 'after-party';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';

function withTasks(stack) {
  new AfterParty(stack, 'Tasks');
  return stack;
}
`;
    await app.write({
      'test/stack.test.js': snapshotTest(imports, `withTasks(new Stack(app, 'Synthesized'))`),
    });

    const first = await app.run('vitest', 'run');
    const second = await app.runIn({ ...app.environment, CI: 'true' }, 'vitest', 'run');

    expect(first.output).toMatch(/1 written/);
    expect(second.output).toMatch(/1 passed/);
    expect(second.exitCode).toBe(0);
  });
});
