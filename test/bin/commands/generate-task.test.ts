import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { AuthorsApp } from './authors-app.ts';

let app: AuthorsApp;
beforeEach(async () => {
  app = await AuthorsApp.make();
});

describe('generate task', () => {
  it('writes a module under a version made of the time, and its test, and says that it is pending', async () => {
    const { code, stdout, stderr } = await app.generate('backfillFullName');

    expect(code).toBe(0);
    expect(stdout).toBe(
      'created tasks/20261120092000_backfill_full_name.ts\n' +
        'created test/tasks/backfill_full_name.test.ts   (node:test, since neither jest nor vitest is set up here)\n' +
        'pending: yes\n',
    );
    expect(stderr).toContain(
      'the next deploy runs it, once; try it on this machine: npx after-party dev backfill_full_name',
    );
    expect(
      await app.textOf('tasks/20261120092000_backfill_full_name.ts'),
    ).toBe(`import { defineTask } from 'after-party/task';

export default defineTask({
  description: 'Backfill full name',
  async run({ environmentName, logger }) {
    logger.info(\`backfill_full_name runs in \${environmentName}\`);
  },
});
`);
    expect(await app.files()).toEqual([
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
    const { stdout } = await app.generate('x', ...flags);

    const text = await app.textOf('tasks/20261120092000_x.ts');
    expect(text).toContain(`\n  ${line},\n`);
    expect(text.match(/when:|background:/g)).toHaveLength(1);
    expect(stdout).toContain(`pending: ${pending}\n`);
  });

  it('says which variables the task reads', async () => {
    const { stderr } = await app.generate('x', '--template', 'email');

    expect(stderr).toContain('it reads MAIL_TO, MAIL_URL: ');
  });

  it.each(['it\'s "done" \\ `x` ${', 'two\nlines', 'Größe', '*/ */', '{{name}}', "$' $& $1"])(
    'keeps any description: %j',
    async (description) => {
      await app.generate('x', '--description', description);

      const file = join(app.folder, 'tasks/20261120092000_x.ts');
      await app.write('package.json', '{"type":"module"}');
      await app.write('node_modules/after-party/package.json', '{"exports":{"./task":"./task.mjs"}}');
      await app.write('node_modules/after-party/task.mjs', 'export const defineTask = (task) => task;');
      expect((await import(file)).default.description).toBe(description);
    },
  );

  it('makes a name of any spelling, and writes nothing where it makes none', async () => {
    const none = await app.generate('--', '2nd try');
    const files = await app.files();
    const { json } = await app.generate('größe Ändern', '--json');

    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('begin with a letter')]);
    expect(files).toEqual(['cdk.json']);
    expect(json).toMatchObject({ name: 'grosse_andern', pending: true });
  });

  it('takes a version above the newest there is', async () => {
    await app.write('tasks/old/20991231235959_later.ts', '');

    const { json } = await app.generate('x', '--json');

    expect(json.version).toBe('20991231235960');
  });

  it('says when no version is left', async () => {
    await app.write(`tasks/${'9'.repeat(38)}_last.ts`, '');

    const { code, stderr } = await app.generate('x');

    expect(code).toBe(2);
    expect(stderr).toContain('no version is left');
  });

  it.each(['tasks/sub/7_Say_hello.ts', 'tasks/7_say-hello.ts'])(
    'refuses the name that %s has, before anything is written',
    async (file) => {
      await app.write(file, '');

      const { code, stderr } = await app.generate('say hello');

      expect([code, stderr]).toEqual([2, expect.stringContaining(`already: ${file}\n`)]);
      expect(await app.files()).toEqual(['cdk.json', file]);
    },
  );

  it.each([
    ['--manual', '--every-deploy'],
    ['--manual', '--background'],
    ['--template', 'htpp'],
    ['--template', '../run'],
  ])('refuses %s %s, before anything is written', async (...flags) => {
    const { code, stderr } = await app.generate('x', ...flags);

    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot be used with|there is no template/);
    expect(await app.files()).toEqual(['cdk.json']);
  });

  it('leaves a test alone that is there, and then writes no task either', async () => {
    await app.write('test/tasks/x.test.ts', 'ours');

    const { code, stderr } = await app.generate('x');

    expect([code, stderr]).toEqual([2, expect.stringMatching(/x\.test\.ts is there already; nothing was/)]);
    expect(await app.files()).toEqual(['cdk.json', 'test/tasks/x.test.ts']);
  });

  it('works from a folder of the app', async () => {
    await mkdir(join(app.folder, 'lib/deep'), { recursive: true });

    const { json } = await app.generateIn('lib/deep', 'x', '--json');

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

  it('is not begun where a package.json cannot be read', async () => {
    await app.write('package.json', '{');

    const { code, stderr } = await app.generate('x');

    expect([code, stderr]).toEqual([2, expect.stringContaining('no valid JSON')]);
    expect(await app.files()).toEqual(['cdk.json', 'package.json']);
  });

  it('says that it needs a CDK app', async () => {
    await rm(join(app.folder, 'cdk.json'));

    const { code, stderr } = await app.generate('x');

    expect(code).toBe(2);
    expect(stderr).toContain('no cdk.json');
    await app.write('cdk.json', '{}');
  });

  it('says what cannot be written', async () => {
    await app.write('tasks', 'a file');

    const { code, stderr } = await app.generate('x');

    expect(code).toBe(2);
    expect(stderr).toMatch(/tasks.* cannot be (written|read)/);
    expect(await app.files()).toEqual(['cdk.json', 'tasks']);
  });

  it('writes no task where its test has no place', async () => {
    await app.write('test/tasks', 'a file');

    const { code, stderr } = await app.generate('x');

    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/x\.test\.ts cannot be written: .*not a directory/),
    ]);
    expect(await app.files()).toEqual(['cdk.json', 'test/tasks']);
  });
});

describe('whether a new task is pending', () => {
  it('is asked, not assumed: another file keeps all tasks from being deployed', async () => {
    await app.write('tasks/7_broken.ts', 'export default {');

    const { code, json } = await app.generate('x', '--json');

    expect(code).toBe(0);
    expect(json).toMatchObject({ pending: false, reason: expect.stringContaining('tasks/7_broken.ts:1') });
  });

  it('names the packages that are missing', async () => {
    const { stdout } = await app.generate('x', '--template', 'dynamo');

    expect(stdout).toContain(
      'is not installed here: npm install @aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb\n',
    );
  });

  it('is asked of the bundle that --local uses, where it was used', async () => {
    await mkdir(join(app.folder, '.after-party'));

    await app.generate('x');

    expect(await readdir(join(app.folder, '.after-party/bundles'))).toEqual([
      expect.stringMatching(/^[\da-f]{64}$/),
    ]);
  });

  it('leaves no folder behind where --local was never used', async () => {
    await app.generate('x');

    expect(await readdir(app.folder)).not.toContain('.after-party');
  });
});
