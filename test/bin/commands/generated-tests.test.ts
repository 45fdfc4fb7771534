import { beforeEach, describe, expect, it } from 'vitest';
import { AuthorsApp } from './authors-app.ts';

let app: AuthorsApp;
beforeEach(async () => {
  app = await AuthorsApp.make();
});

describe("the runner of the app's tests", () => {
  const runnerOf = async () => (await app.generate('x', '--json')).json.runner;

  it.each([
    ['vitest', '{"scripts":{"test":"vitest run"},"devDependencies":{"jest":"1"}}'],
    ['jest', '{"scripts":{"test":"tsc && jest --ci"}}'],
    ['node:test', '{"scripts":{"test":"node --import tsx --test"},"devDependencies":{"jest":"1"}}'],
    ['jest', '{"scripts":{"test":"echo none"},"devDependencies":{"jest":"1"}}'],
    ['vitest', '{"devDependencies":{"jest":"1","vitest":"1"}}'],
    ['jest', '{"jest":{}}'],
  ])('is %s with the package.json %s', async (runner, text) => {
    await app.write('package.json', text);

    expect(await runnerOf()).toBe(runner);
  });

  it.each([
    ['jest', 'jest.config.js'],
    ['vitest', 'vitest.config.mts'],
  ])('is %s with a file %s', async (runner, file) => {
    await app.write('package.json', '{}');
    await app.write(file, '');

    expect(await runnerOf()).toBe(runner);
  });

  it("is the repository's, where the app is one of its packages", async () => {
    await app.write('.git/HEAD', '');
    await app.write('package.json', '{"devDependencies":{"vitest":"1"}}');
    await app.write('packages/infra/cdk.json', '{}');
    await app.write('packages/infra/package.json', '{}');

    const { json } = await app.generateIn('packages/infra', 'x', '--json');

    expect(json.runner).toBe('vitest');
  });

  it('is not guessed from a package.json that cannot be read', async () => {
    await app.write('package.json', '{');

    const { code, stderr } = await app.generate('x');

    expect([code, stderr]).toEqual([2, expect.stringContaining('no valid JSON')]);
    expect(await app.files()).toEqual(['cdk.json', 'package.json']);
  });

  it.each([
    ['test/a.test.ts', 'test'],
    ['tests/a.test.ts', 'tests'],
    ['__tests__/a.test.ts', '__tests__'],
  ])('finds the test beside %s', async (there, folder) => {
    await app.write(there, '');

    expect((await app.generate('x', '--json')).json.test).toBe(`${folder}/tasks/x.test.ts`);
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
    const options = `"moduleResolution": "${resolution}"`.replaceAll(', ', ',\n    ');
    await app.write('tsconfig.json', `{\n  // comment\n  "compilerOptions": {\n    ${options},\n  }\n}`);

    await app.generate('x');

    expect(await app.textOf('test/tasks/x.test.ts')).toContain(`from '../../tasks/20261120092000_x${end}';`);
  });
});
