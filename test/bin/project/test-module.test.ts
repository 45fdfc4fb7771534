import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readTemplate } from '../../../bin/project/templates.ts';
import { type TaskTest, testOf } from '../../../bin/project/test-module.ts';
import { AuthorsApp } from '../commands/authors-app.ts';

let app: AuthorsApp;
beforeEach(async () => {
  app = await AuthorsApp.make();
});

/** The test of a task `x` in the app in this folder. */
function testIn(below = ''): TaskTest {
  const folder = join(app.folder, below);
  const template = readTemplate('run', join(folder, 'tasks'));
  if (template.test === undefined) throw new Error('the template has no test');
  const module = join(folder, 'tasks/7_x.ts');
  const values = { name: 'x', version: '7', description: 'X', options: [] };
  return testOf(template.test, { app: folder, module, template, values });
}

describe("the runner of the app's tests", () => {
  it.each([
    ['vitest', '{"scripts":{"test":"vitest run"},"devDependencies":{"jest":"1"}}'],
    ['jest', '{"scripts":{"test":"tsc && jest --ci"}}'],
    ['node:test', '{"scripts":{"test":"node --import tsx --test"},"devDependencies":{"jest":"1"}}'],
    ['jest', '{"scripts":{"test":"echo --test-dir"},"devDependencies":{"jest":"1"}}'],
    ['vitest', '{"devDependencies":{"jest":"1","vitest":"1"}}'],
    ['jest', '{"jest":{}}'],
  ])('is %s with the package.json %s', async (runner, text) => {
    await app.write('package.json', text);

    expect(testIn()).toMatchObject({ runner, isFound: true });
  });

  it.each([
    ['jest', 'jest.config.js'],
    ['vitest', 'vitest.config.mts'],
  ])('is %s with a file %s', async (runner, file) => {
    await app.write('package.json', '{}');
    await app.write(file, '');

    expect(testIn()).toMatchObject({ runner, isFound: true });
  });

  it("is the repository's, where the app is one of its packages", async () => {
    await app.write('.git/HEAD', '');
    await app.write('package.json', '{"devDependencies":{"vitest":"1"}}');
    await app.write('packages/infra/package.json', '{}');

    expect(testIn('packages/infra').runner).toBe('vitest');
  });

  it('is not guessed from a package.json that cannot be read', async () => {
    await app.write('package.json', '{');

    expect(() => testIn()).toThrow('no valid JSON');
  });

  it.each([
    ['{"scripts":{"test":"jest"}}', "import { expect, it } from '@jest/globals';"],
    ['{"scripts":{"test":"vitest"}}', "import { expect, it } from 'vitest';"],
    ['{}', "import assert from 'node:assert/strict';\nimport { it } from 'node:test';"],
  ])('is what the test imports with the package.json %s', async (text, lines) => {
    await app.write('package.json', text);

    expect(testIn().file.text).toContain(`from 'after-party/testing';\n${lines}\nimport task`);
  });

  it('needs no import where the globals of jest have types', async () => {
    await app.write('package.json', '{"devDependencies":{"jest":"1","@types/jest":"1"}}');

    expect(testIn().file.text).toContain("from 'after-party/testing';\nimport task");
  });

  it.each([
    ['test/a.test.ts', 'test'],
    ['tests/a.test.ts', 'tests'],
    ['__tests__/a.test.ts', '__tests__'],
  ])('finds the test beside %s', async (there, folder) => {
    await app.write(there, '');

    expect(testIn().file.path).toBe(join(app.folder, folder, 'tasks/x.test.ts'));
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
    await app.write('package.json', `{${fields}"scripts":{"test":"${script}"}}`);
    const comment = '// "allowImportingTsExtensions": true';
    const options = `"compilerOptions": { "moduleResolution": "${resolution}", }`;
    await app.write('tsconfig.json', `{\n  ${comment}\n  ${options}\n}`);

    expect(testIn().file.text).toContain(`from '../../tasks/7_x${end}';`);
  });
});
