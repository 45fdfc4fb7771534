import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
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

  it('writes through a link, and keeps who may read a file', async () => {
    await mkdir(join(app, 'shared'));
    await writeFile(join(app, 'shared/package.json'), PACKAGE, { mode: 0o640 });
    await symlink('shared/package.json', join(app, 'package.json'));

    await init();

    expect((await lstat(join(app, 'package.json'))).isSymbolicLink()).toBe(true);
    expect(await textOf('shared/package.json')).toContain('"tasks": "after-party status"');
    expect((await stat(join(app, 'shared/package.json'))).mode & 0o777).toBe(0o640);
    expect(await readdir(join(app, 'shared'))).toEqual(['package.json']);
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
    ['one that is a list', '[]', 'it is no object'],
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
