import { beforeEach, describe, expect, it } from 'vitest';
import { AuthorsApp } from './authors-app.ts';

let app: AuthorsApp;
beforeEach(async () => {
  app = await AuthorsApp.make();
});

const customModule = (options: string) =>
  `import { defineTask } from 'after-party/task';\nexport default defineTask({\n  ${options}\n  run() {},\n});\n`;

describe('a template of the app', () => {
  it('is known of what runs in some environments only', async () => {
    await app.write('tasks/.templates/prod.ts', customModule("environments: ['production', 'eu'],"));
    await app.write('tasks/.templates/none.ts', customModule('environments: [],'));

    expect((await app.generate('x', '--template', 'prod')).stdout).toContain(
      'pending: yes, in production, eu\n',
    );
    expect((await app.generate('y', '--template', 'none')).stdout).toContain('pending: no, ');
  });

  it('is filled in, with its test as it is', async () => {
    await app.write(
      'tasks/.templates/tenant.ts',
      `/** {{description}} ({{name}}) */
import { defineTask } from 'after-party/task';

export default defineTask({
  description: "{{ description }}",
  // {{options}}
  tags: ['{{name}}', \`{{description}}\`, 'v{{version}}'],
  run() {}, // {{description}}
});
`,
    );
    const test = "import task from './tenant';\nimport x from './other';\ntest('{{name}}', () => {});\n";
    await app.write('tasks/.templates/tenant.test.ts', test);
    await app.write('package.json', '{"scripts":{"test":"vitest run"}}');

    const { stdout } = await app.generate(
      'x',
      '--template',
      'tenant',
      '--description',
      'say "*/ `${',
      '--background',
    );

    expect(stdout).toContain('created test/tasks/x.test.ts   (vitest)\npending: yes\n');
    expect(await app.textOf('tasks/20261120092000_x.ts')).toBe(`/** say "* / \`\${ (x) */
import { defineTask } from 'after-party/task';

export default defineTask({
  description: "say \\"*/ \`\${",
  background: true,
  tags: ['x', \`say "*/ \\\`\\\${\`, 'v20261120092000'],
  run() {}, // say "* / \`\${
});
`);
    expect(await app.textOf('test/tasks/x.test.ts')).toBe(
      "import task from '../../tasks/20261120092000_x.ts';\nimport x from './other';\ntest('x', () => {});\n",
    );
  });

  it("comes before the package's, and needs no test", async () => {
    await app.write('tasks/.templates/run.ts', customModule("description: 'ours',"));

    const { stdout, json } = await app.generate('x', '--json');

    expect(json).toMatchObject({ template: 'run', test: null, runner: null, pending: true });
    expect(await app.textOf('tasks/20261120092000_x.ts')).toContain("'ours'");
    expect(stdout).not.toContain('created test');
    expect((await app.generate('y')).stdout).toContain('no test: there is no tasks/.templates/run.test.ts\n');
  });

  it.each([
    [
      '// {{descripton}}',
      /custom\.ts:3 has the placeholder \{\{descripton\}\}[\s\S]*did you mean \{\{description\}\}/,
    ],
    ["tags: ['{{ Name }}'],", /custom\.ts:3 has the placeholder \{\{Name\}\}/],
    [
      'tags: [] /* {{options}} */,',
      /custom\.ts:3 has the placeholder \{\{options\}\}[\s\S]*on a line of its own/,
    ],
  ])('with %j is refused, and nothing is written', async (line, words) => {
    await app.write('tasks/.templates/custom.ts', customModule(line));

    const { code, stderr } = await app.generate('x', '--template', 'custom');

    expect(code).toBe(2);
    expect(stderr).toMatch(words);
    expect(await app.files()).toEqual(['cdk.json', 'tasks/.templates/custom.ts']);
  });

  it('is refused where flags have no place in it', async () => {
    await app.write('tasks/.templates/custom.ts', customModule(''));

    const { code, stderr } = await app.generate('x', '--template', 'custom', '--manual');

    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("has no place for when: 'manual'; nothing was"),
    ]);
    expect(await app.files()).toEqual(['cdk.json', 'tasks/.templates/custom.ts']);
  });

  it('is named among the others where a name is unknown', async () => {
    await app.write('tasks/.templates/tenant.ts', '');
    await app.write('tasks/.templates/tenant.test.ts', '');

    const { stderr } = await app.generate('x', '--template', 'tenants');

    expect(stderr).toContain('did you mean tenant? there are run, dynamo,');
    expect(stderr).toContain('fan-out, tenant;');
  });
});
