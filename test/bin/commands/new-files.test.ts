import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine } from '../command-line.ts';

let app: string;
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-app-'));
  await writeFile(join(app, 'cdk.json'), '{}');
});
afterEach(() => rm(app, { recursive: true }));

const textOf = (...path: string[]) => readFile(join(app, ...path), 'utf8');
const generate = (...argv: string[]) => commandLine(['generate', 'task', ...argv], { cwd: app });

describe('generate task', () => {
  it('writes a module under a version made of the time', async () => {
    const { code, stdout, stderr } = await generate('backfillFullName');

    expect([code, stdout]).toEqual([0, 'created tasks/20261120092000_backfill_full_name.ts\n']);
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
  });

  it.each([
    ['--manual', "when: 'manual'"],
    ['--every-deploy', "when: 'every-deploy'"],
    ['--background', 'background: true'],
  ])('writes down %s', async (flag, line) => {
    await generate('x', flag);

    expect(await textOf('tasks/20261120092000_x.ts')).toContain(`\n  ${line},\n`);
  });

  it.each(['it\'s "done" \\ `x` $', 'two\nlines', 'Größe'])(
    'keeps any description: %j',
    async (description) => {
      await generate('x', '--description', description);

      const file = join(app, 'tasks/20261120092000_x.ts');
      await writeFile(join(app, 'package.json'), '{"type":"module"}');
      await mkdir(join(app, 'node_modules/after-party'), { recursive: true });
      await writeFile(
        join(app, 'node_modules/after-party/package.json'),
        '{"exports":{"./task":"./task.mjs"}}',
      );
      await writeFile(
        join(app, 'node_modules/after-party/task.mjs'),
        'export const defineTask = (task) => task;',
      );
      expect((await import(file)).default.description).toBe(description);
    },
  );

  it.each([
    ['Backfill full-name', 'backfill_full_name'],
    ['HTTPServerRestart', 'http_server_restart'],
    ['größe Ändern', 'grosse_andern'],
    ['  __x__2  ', 'x_2'],
  ])('makes a name of %j', async (spelled, name) => {
    const { json } = await generate(spelled, '--json');

    expect(json).toEqual({ version: '20261120092000', name, file: `tasks/20261120092000_${name}.ts` });
  });

  it.each(['', '2nd_try', 'a/b', '名前', 'x.ts', 'a'.repeat(101)])(
    'refuses %j as a name',
    async (spelled) => {
      const { code, stderr } = await generate('--', spelled);

      expect(code).toBe(2);
      expect(stderr).toContain('makes no task name');
      expect(await readdir(app)).toEqual(['cdk.json']);
    },
  );

  it('takes a version above the newest there is', async () => {
    await mkdir(join(app, 'tasks/old'), { recursive: true });
    await writeFile(join(app, 'tasks/old/20991231235959_later.ts'), '');

    const { json } = await generate('x', '--json');

    expect(json.version).toBe('20991231235960');
  });

  it('says when no version is left', async () => {
    await mkdir(join(app, 'tasks'));
    await writeFile(join(app, 'tasks', `${'9'.repeat(38)}_last.ts`), '');

    const { code, stderr } = await generate('x');

    expect(code).toBe(2);
    expect(stderr).toContain('no version is left');
  });

  it('refuses a name that another task has, and flags that exclude each other, before anything is written', async () => {
    await mkdir(join(app, 'tasks/sub'), { recursive: true });
    await writeFile(join(app, 'tasks/sub/7_Say_hello.ts'), '');

    const duplicate = await generate('say hello');
    const conflict = await generate('x', '--manual', '--every-deploy');

    expect(duplicate).toMatchObject({ code: 2, stderr: expect.stringContaining('tasks/sub/7_Say_hello.ts') });
    expect(conflict.code).toBe(2);
    expect(await readdir(join(app, 'tasks'))).toEqual(['sub']);
  });

  it('says that it needs a CDK app', async () => {
    await rm(join(app, 'cdk.json'));

    const { code, stderr } = await generate('x');

    expect(code).toBe(2);
    expect(stderr).toContain('no cdk.json');
  });

  it('says what cannot be written', async () => {
    await writeFile(join(app, 'tasks'), 'a file');

    const { code, stderr } = await generate('x');

    expect(code).toBe(2);
    expect(stderr).toMatch(/tasks.* cannot be (written|read)/);
  });
});

describe('init', () => {
  const init = (...argv: string[]) => commandLine(['init', ...argv], { cwd: app });
  const PACKAGE = `{\n\t"name": "shop",\n\t"scripts": {\n\t\t"build": "tsc"\n\t}\n}\n`;

  it("prepares an app, and prints the lines that are the author's to add", async () => {
    await writeFile(join(app, 'package.json'), PACKAGE);
    await writeFile(join(app, '.gitignore'), 'node_modules');
    await mkdir(join(app, 'lib'));
    await writeFile(join(app, 'lib/shop-stack.ts'), '');
    await writeFile(join(app, 'lib/shop-stack.d.ts'), '');

    const { code, stdout } = await init();

    expect(code).toBe(0);
    expect(stdout).toContain('  created   tasks/README.md\n');
    expect(stdout).toContain("Add to lib/shop-stack.ts:\n\n    import { AfterParty } from 'after-party';\n");
    expect(await textOf('package.json')).toBe(
      PACKAGE.replace('"tsc"', '"tsc",\n\t\t"tasks": "after-party status"'),
    );
    expect(await textOf('.gitignore')).toBe('node_modules\n.after-party/\n');
    expect(await textOf('tasks/README.md')).toContain('# Post-deploy tasks');
    expect(await textOf('lib/shop-stack.ts')).toBe('');
  });

  it('changes nothing when repeated, and keeps what the author made of it', async () => {
    await writeFile(join(app, 'package.json'), PACKAGE);
    await init();
    await writeFile(join(app, 'tasks/README.md'), 'ours');
    const before = await Promise.all([textOf('package.json'), textOf('.gitignore')]);

    const { code, json } = await init('--json');

    expect(code).toBe(0);
    expect(json).toEqual({ changed: [], unchanged: ['tasks/README.md', 'package.json', '.gitignore'] });
    expect(await Promise.all([textOf('package.json'), textOf('.gitignore')])).toEqual(before);
    expect(await textOf('tasks/README.md')).toBe('ours');
  });

  it('leaves a script of the same name, and says so', async () => {
    await writeFile(join(app, 'package.json'), '{"scripts":{"tasks":"gulp"}}');

    const { stdout } = await init();

    expect(stdout).toContain('left      script "tasks", which does something else: "gulp"');
    expect(await textOf('package.json')).toBe('{"scripts":{"tasks":"gulp"}}');
  });

  it.each([
    ['no package.json', undefined, 'no package.json'],
    ['one that is no JSON', '{', 'no valid JSON'],
    ['one that is a list', '[]', 'its scripts are no object'],
    ['one whose scripts are a list', '{"scripts":[]}', 'its scripts are no object'],
  ])('writes nothing with %s', async (_, text, words) => {
    if (text !== undefined) await writeFile(join(app, 'package.json'), text);

    const { code, stderr } = await init();

    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect((await readdir(app)).sort()).toEqual(
      text === undefined ? ['cdk.json'] : ['cdk.json', 'package.json'],
    );
  });

  it('writes nothing where one of the files cannot be written', async () => {
    await writeFile(join(app, 'package.json'), PACKAGE);
    await symlink('package.json/nowhere', join(app, '.gitignore'));

    const { code, stderr } = await init();

    expect(code).toBe(2);
    expect(stderr).toMatch(/\.gitignore cannot be written.*\n.*nothing was written/);
    expect(await textOf('package.json')).toBe(PACKAGE);
    expect((await readdir(app)).sort()).toEqual(['.gitignore', 'cdk.json', 'package.json']);
  });
});
