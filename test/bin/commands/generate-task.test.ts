import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine } from '../command-line.ts';

let app: string;
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-app-'));
  await write('cdk.json', '{}');
});
afterEach(() => rm(app, { recursive: true }));

const textOf = (...path: string[]) => readFile(join(app, ...path), 'utf8');
const generate = (...argv: string[]) => commandLine(['generate', 'task', ...argv], { cwd: app });
const filesNow = async () =>
  (await readdir(app, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(app.length + 1))
    .sort();

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(app, path)), { recursive: true });
  await writeFile(join(app, path), text);
}

describe('generate task', () => {
  it('writes a module under a version made of the time, and its test, and says that it is pending', async () => {
    const { code, stdout, stderr } = await generate('backfillFullName');

    expect(code).toBe(0);
    expect(stdout).toBe(
      'created tasks/20261120092000_backfill_full_name.ts\n' +
        'created test/tasks/backfill_full_name.test.ts   (node:test, since neither jest nor vitest is set up here)\n' +
        'pending: yes\n',
    );
    expect(stderr).toContain('the next deploy runs it, once');
    expect(
      await textOf('tasks/20261120092000_backfill_full_name.ts'),
    ).toBe(`import { defineTask } from 'after-party/task';

export default defineTask({
  description: 'Backfill full name',
  async run({ environmentName, logger }) {
    logger.info(\`backfill_full_name runs in \${environmentName}\`);
  },
});
`);
    expect(await filesNow()).toEqual([
      'cdk.json',
      'tasks/20261120092000_backfill_full_name.ts',
      'test/tasks/backfill_full_name.test.ts',
    ]);
  });

  it.each([
    [['--manual'], "when: 'manual'", 'no, it is run by hand only'],
    [['--every-deploy'], "when: 'every-deploy'", 'yes'],
    [['--background'], 'background: true', 'yes'],
    [['--template', 'email'], 'background: true', 'yes'],
    [['--template', 'email', '--manual'], "when: 'manual'", 'no, it is run by hand only'],
  ])('writes down %j', async (flags, line, pending) => {
    const { stdout } = await generate('x', ...flags);

    const text = await textOf('tasks/20261120092000_x.ts');
    expect(text).toContain(`\n  ${line},\n`);
    expect(text.match(/when:|background:/g)).toHaveLength(1);
    expect(stdout).toContain(`pending: ${pending}\n`);
  });

  it('says which variables the task reads', async () => {
    const { stderr } = await generate('x', '--template', 'email');

    expect(stderr).toContain('it reads MAIL_TO, MAIL_URL: ');
  });

  it.each(['it\'s "done" \\ `x` ${', 'two\nlines', 'Größe', '*/ */', '{{name}}', "$' $& $1"])(
    'keeps any description: %j',
    async (description) => {
      await generate('x', '--description', description);

      const file = join(app, 'tasks/20261120092000_x.ts');
      await write('package.json', '{"type":"module"}');
      await write('node_modules/after-party/package.json', '{"exports":{"./task":"./task.mjs"}}');
      await write('node_modules/after-party/task.mjs', 'export const defineTask = (task) => task;');
      expect((await import(file)).default.description).toBe(description);
    },
  );

  it.each([
    ['Backfill full-name', 'backfill_full_name'],
    ['HTTPServerRestart', 'http_server_restart'],
    ['größe Ändern', 'grosse_andern'],
    ['größeÄndern', 'grosse_andern'],
    ['Łódź ØREDEV Straße', 'lodz_oredev_strasse'],
    ['  __x__2  ', 'x_2'],
    ["fix: issue #111, don't wait!", 'fix_issue_111_dont_wait'],
    ['restart.search.v2', 'restart_search_v2'],
  ])('makes a name of %j', async (spelled, name) => {
    const { json } = await generate(spelled, '--json');

    expect(json).toMatchObject({ name, file: `tasks/20261120092000_${name}.ts`, pending: true });
  });

  it.each([
    ['', 'give it some letters'],
    ['!!', 'give it some letters'],
    ['2nd_try', 'begin with a letter'],
    ['20261120092000_notify', 'leave out the version, which is made for you: notify'],
    ['a/b', 'without a folder'],
    ['a\\b', 'without a folder'],
    ['名前', 'use Latin letters'],
    ['x.ts', 'leave out the extension'],
    ['a'.repeat(101), 'use at most 100'],
  ])('refuses %j as a name', async (spelled, help) => {
    const { code, stderr } = await generate('--', spelled);

    expect(code).toBe(2);
    expect(stderr).toContain('makes no task name');
    expect(stderr).toContain(help);
    expect(await filesNow()).toEqual(['cdk.json']);
  });

  it('takes a version above the newest there is', async () => {
    await write('tasks/old/20991231235959_later.ts', '');

    const { json } = await generate('x', '--json');

    expect(json.version).toBe('20991231235960');
  });

  it('says when no version is left', async () => {
    await write(`tasks/${'9'.repeat(38)}_last.ts`, '');

    const { code, stderr } = await generate('x');

    expect(code).toBe(2);
    expect(stderr).toContain('no version is left');
  });

  it.each(['tasks/sub/7_Say_hello.ts', 'tasks/7_say-hello.ts'])(
    'refuses the name that %s has, before anything is written',
    async (file) => {
      await write(file, '');

      const { code, stderr } = await generate('say hello');

      expect([code, stderr]).toEqual([2, expect.stringContaining(`already: ${file}\n`)]);
      expect(await filesNow()).toEqual(['cdk.json', file]);
    },
  );

  it.each([
    ['--manual', '--every-deploy'],
    ['--manual', '--background'],
    ['--template', 'htpp'],
    ['--template', '../run'],
    ['--template', ''],
  ])('refuses %s %s, before anything is written', async (...flags) => {
    const { code, stderr } = await generate('x', ...flags);

    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot be used with|there is no template/);
    expect(await filesNow()).toEqual(['cdk.json']);
  });

  it('leaves a test alone that is there, and then writes no task either', async () => {
    await write('test/tasks/x.test.ts', 'ours');

    const { code, stderr } = await generate('x');

    expect([code, stderr]).toEqual([2, expect.stringMatching(/x\.test\.ts is there already; nothing was/)]);
    expect(await filesNow()).toEqual(['cdk.json', 'test/tasks/x.test.ts']);
  });

  it('works from a folder of the app', async () => {
    await mkdir(join(app, 'lib/deep'), { recursive: true });

    const { json } = await commandLine(['generate', 'task', 'x', '--json'], { cwd: join(app, 'lib/deep') });

    expect(json).toEqual({
      version: '20261120092000',
      name: 'x',
      file: '../../tasks/20261120092000_x.ts',
      template: 'run',
      test: '../../test/tasks/x.test.ts',
      runner: 'node:test',
      pending: true,
      reason: null,
    });
  });

  it('says that it needs a CDK app', async () => {
    await rm(join(app, 'cdk.json'));

    const { code, stderr } = await generate('x');

    expect(code).toBe(2);
    expect(stderr).toContain('no cdk.json');
    await write('cdk.json', '{}');
  });

  it('says what cannot be written', async () => {
    await write('tasks', 'a file');

    const { code, stderr } = await generate('x');

    expect(code).toBe(2);
    expect(stderr).toMatch(/tasks.* cannot be (written|read)/);
    expect(await filesNow()).toEqual(['cdk.json', 'tasks']);
  });

  it('writes no task where its test has no place', async () => {
    await write('test/tasks', 'a file');

    const { code, stderr } = await generate('x');

    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/x\.test\.ts cannot be written: .*not a directory/),
    ]);
    expect(await filesNow()).toEqual(['cdk.json', 'test/tasks']);
  });
});

describe('whether a new task is pending', () => {
  it('is asked, not assumed: another file keeps all tasks from being deployed', async () => {
    await write('tasks/7_broken.ts', 'export default {');

    const { code, json } = await generate('x', '--json');

    expect(code).toBe(0);
    expect(json).toMatchObject({ pending: false, reason: expect.stringContaining('tasks/7_broken.ts:1') });
  });

  it('names the packages that are missing', async () => {
    const { stdout } = await generate('x', '--template', 'dynamo');

    expect(stdout).toContain(
      'is not installed here: npm install @aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb\n',
    );
  });

  it('is known of what runs in some environments only', async () => {
    await write('tasks/.templates/prod.ts', customModule("environments: ['production', 'eu'],"));
    await write('tasks/.templates/none.ts', customModule('environments: [],'));

    expect((await generate('x', '--template', 'prod')).stdout).toContain('pending: yes, in production, eu\n');
    expect((await generate('y', '--template', 'none')).stdout).toContain('pending: no, ');
  });

  it('leaves no folder behind where --local was never used', async () => {
    await generate('x');

    expect(await readdir(app)).not.toContain('.after-party');
  });
});

const customModule = (options: string) =>
  `import { defineTask } from 'after-party/task';\nexport default defineTask({\n  ${options}\n  run() {},\n});\n`;

describe('a template of the app', () => {
  it('is filled in, with its test as it is', async () => {
    await write(
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
    await write('tasks/.templates/tenant.test.ts', test);
    await write('package.json', '{"scripts":{"test":"vitest run"}}');

    const { stdout } = await generate(
      'x',
      '--template',
      'tenant',
      '--description',
      'say "*/ `${',
      '--background',
    );

    expect(stdout).toContain('created test/tasks/x.test.ts   (vitest)\npending: yes\n');
    expect(await textOf('tasks/20261120092000_x.ts')).toBe(`/** say "* / \`\${ (x) */
import { defineTask } from 'after-party/task';

export default defineTask({
  description: "say \\"*/ \`\${",
  background: true,
  tags: ['x', \`say "*/ \\\`\\\${\`, 'v20261120092000'],
  run() {}, // say "* / \`\${
});
`);
    expect(await textOf('test/tasks/x.test.ts')).toBe(
      "import task from '../../tasks/20261120092000_x.ts';\nimport x from './other';\ntest('x', () => {});\n",
    );
  });

  it("comes before the package's, and needs no test", async () => {
    await write('tasks/.templates/run.ts', customModule("description: 'ours',"));

    const { stdout, json } = await generate('x', '--json');

    expect(json).toMatchObject({ template: 'run', test: null, runner: null, pending: true });
    expect(await textOf('tasks/20261120092000_x.ts')).toContain("'ours'");
    expect(stdout).not.toContain('created test');
    expect((await generate('y')).stdout).toContain('no test: there is no tasks/.templates/run.test.ts\n');
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
    await write('tasks/.templates/custom.ts', customModule(line));

    const { code, stderr } = await generate('x', '--template', 'custom');

    expect(code).toBe(2);
    expect(stderr).toMatch(words);
    expect(await filesNow()).toEqual(['cdk.json', 'tasks/.templates/custom.ts']);
  });

  it('is refused where flags have no place in it', async () => {
    await write('tasks/.templates/custom.ts', customModule(''));

    const { code, stderr } = await generate('x', '--template', 'custom', '--manual');

    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("has no place for when: 'manual'; nothing was"),
    ]);
    expect(await filesNow()).toEqual(['cdk.json', 'tasks/.templates/custom.ts']);
  });

  it('is named among the others where a name is unknown', async () => {
    await write('tasks/.templates/tenant.ts', '');
    await write('tasks/.templates/tenant.test.ts', '');

    const { stderr } = await generate('x', '--template', 'tenants');

    expect(stderr).toContain('did you mean tenant? there are run, dynamo,');
    expect(stderr).toContain('fan-out, tenant;');
  });
});

describe("the runner of the app's tests", () => {
  const runnerOf = async () => (await generate('x', '--json')).json.runner;

  it.each([
    ['vitest', '{"scripts":{"test":"vitest run"},"devDependencies":{"jest":"1"}}'],
    ['jest', '{"scripts":{"test":"tsc && jest --ci"}}'],
    ['node:test', '{"scripts":{"test":"node --import tsx --test"},"devDependencies":{"jest":"1"}}'],
    ['jest', '{"scripts":{"test":"echo none"},"devDependencies":{"jest":"1"}}'],
    ['vitest', '{"devDependencies":{"jest":"1","vitest":"1"}}'],
    ['jest', '{"jest":{}}'],
  ])('is %s with the package.json %s', async (runner, text) => {
    await write('package.json', text);

    expect(await runnerOf()).toBe(runner);
  });

  it.each([
    ['jest', 'jest.config.js'],
    ['vitest', 'vitest.config.mts'],
  ])('is %s with a file %s', async (runner, file) => {
    await write('package.json', '{}');
    await write(file, '');

    expect(await runnerOf()).toBe(runner);
  });

  it("is the repository's, where the app is one of its packages", async () => {
    await write('.git/HEAD', '');
    await write('package.json', '{"devDependencies":{"vitest":"1"}}');
    await write('packages/infra/cdk.json', '{}');
    await write('packages/infra/package.json', '{}');

    const { json } = await commandLine(['generate', 'task', 'x', '--json'], {
      cwd: join(app, 'packages/infra'),
    });

    expect(json.runner).toBe('vitest');
  });

  it('is not guessed from a package.json that cannot be read', async () => {
    await write('package.json', '{');

    const { code, stderr } = await generate('x');

    expect([code, stderr]).toEqual([2, expect.stringContaining('no valid JSON')]);
    expect(await filesNow()).toEqual(['cdk.json', 'package.json']);
  });

  it.each([
    ['test/a.test.ts', 'test'],
    ['tests/a.test.ts', 'tests'],
    ['__tests__/a.test.ts', '__tests__'],
  ])('finds the test beside %s', async (there, folder) => {
    await write(there, '');

    expect((await generate('x', '--json')).json.test).toBe(`${folder}/tasks/x.test.ts`);
  });
});

describe("the test's import of the task", () => {
  it.each([
    ['', 'nodenext', 'vitest', ''],
    ['"type":"module",', 'nodenext', 'vitest', '.js'],
    ['"type":"module",', 'bundler', 'vitest', ''],
    ['"type":"module",', 'nodenext", "rewriteRelativeImportExtensions": true, "x": "', 'vitest', '.ts'],
    ['', 'nodenext', 'jest', ''],
    ['', 'nodenext', 'node --test', '.ts'],
    ['"devDependencies":{"tsx":"4"},', 'nodenext', 'node --import tsx --test', ''],
    ['"type":"module","devDependencies":{"tsx":"4"},', 'nodenext', 'tsx --test', '.js'],
  ])('with %j, module resolution %j and %j ends in %j', async (fields, resolution, script, end) => {
    await write('package.json', `{${fields}"scripts":{"test":"${script}"}}`);
    const options = `"moduleResolution": "${resolution}"`.replaceAll(', ', ',\n    ');
    await write('tsconfig.json', `{\n  // comment\n  "compilerOptions": {\n    ${options},\n  }\n}`);

    await generate('x');

    expect(await textOf('test/tasks/x.test.ts')).toContain(`from '../../tasks/20261120092000_x${end}';`);
  });
});
