import { readdirSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endDatabaseServers } from '../database-servers.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { runProgramFile } from './child-program.ts';
import { commandLine } from './command-line.ts';
import { installApp, installed, runInApp } from './generated-app.ts';

const TEMPLATES = readdirSync(join(import.meta.dirname, '../../bin/templates'))
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => file.replace(/\.ts$/, ''));
const AWS = ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb', '@types/node'];
/** As strict as an app may be. */
const STRICT = {
  ...{ noEmit: true, strict: true, target: 'es2022', lib: ['es2022'], types: ['node'], skipLibCheck: true },
  ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noImplicitOverride: true },
  ...{ noImplicitReturns: true, noFallthroughCasesInSwitch: true, declaration: true, isolatedModules: true },
  ...{ noUnusedLocals: true, noUnusedParameters: true, allowUnreachableCode: false },
};
const tsconfig = (options: object) =>
  JSON.stringify({ compilerOptions: { ...STRICT, ...options }, include: ['tasks', 'test'] }, null, 2);

/** Writes a task from each template; returns what was said of each. */
async function generateAll(cwd: string): Promise<{ name: string; pending: boolean; runner: string }[]> {
  const said = [];
  for (const template of TEMPLATES) {
    const argv = ['generate', 'task', `my ${template}`, '--template', template, '--json'];
    said.push((await commandLine(argv, { cwd })).json);
  }
  return said;
}

const typeErrors = (folder: string) => runInApp(folder, installed('typescript/bin/tsc'), ['-p', folder]);

describe('a task from each template, with its test', { timeout: 600_000 }, () => {
  it('compiles and passes with jest, in an app as cdk init makes it', async () => {
    const folder = await installApp(
      {
        'cdk.json': '{}',
        'package.json': '{ "scripts": { "test": "jest" }, "devDependencies": { "@types/jest": "1" } }',
        'tsconfig.json': tsconfig({ module: 'nodenext', moduleResolution: 'nodenext' }),
        // In place of @types/jest.
        'test/globals.d.ts': ['it', 'expect', 'beforeEach', 'afterEach']
          .map((name) => `declare const ${name}: typeof import('@jest/globals').${name};\n`)
          .join(''),
        'jest.config.js': `module.exports = {
          testEnvironment: 'node',
          roots: ['<rootDir>/test'],
          testMatch: ['**/*.test.ts'],
          transform: { '^.+\\\\.tsx?$': ['@swc/jest'] },
        };`,
      },
      [...AWS, 'jest', '@jest/globals', '@swc/jest', '@swc/core'],
    );

    const said = await generateAll(folder);

    expect(said.map(({ pending, runner }) => ({ pending, runner }))).toEqual(
      TEMPLATES.map(() => ({ pending: true, runner: 'jest' })),
    );
    expect(await runInApp(folder, installed('jest/bin/jest.js'), [])).toMatch(
      new RegExp(`Test Suites: ${TEMPLATES.length} passed, ${TEMPLATES.length} total[\\s\\S]*exit code 0$`),
    );
    expect(await typeErrors(folder)).toBe('\nexit code 0');
  });

  it('compiles and passes with vitest, in an app of ES modules', async () => {
    const folder = await installApp(
      {
        'cdk.json': '{}',
        'package.json': '{ "type": "module", "devDependencies": { "vitest": "1" } }',
        'tsconfig.json': tsconfig({ module: 'nodenext', verbatimModuleSyntax: true }),
      },
      [...AWS, 'vitest'],
    );

    const said = await generateAll(folder);

    expect(said.map(({ pending, runner }) => ({ pending, runner }))).toEqual(
      TEMPLATES.map(() => ({ pending: true, runner: 'vitest' })),
    );
    expect(await runInApp(folder, installed('vitest/vitest.mjs'), ['run'])).toMatch(
      new RegExp(`Test Files +${TEMPLATES.length} passed \\(${TEMPLATES.length}\\)[\\s\\S]*exit code 0$`),
    );
    expect(await typeErrors(folder)).toBe('\nexit code 0');
  });

  it('compiles and passes with node:test where there is no other runner, and runs on this machine', async () => {
    const folder = await installApp({ 'cdk.json': '{}', 'package.json': '{ "type": "module" }' }, AWS);
    const service = await startLoopbackServer(() => 200);
    onTestFinished(() => service.stop());

    const said = await generateAll(folder);

    expect(said.map(({ pending, runner }) => ({ pending, runner }))).toEqual(
      TEMPLATES.map(() => ({ pending: true, runner: 'node:test' })),
    );
    const tests = (await readdir(join(folder, 'test/tasks'))).map((file) => `test/tasks/${file}`);
    expect(tests).toHaveLength(TEMPLATES.length);
    expect(await runInApp(folder, '--test', tests)).toMatch(/\bfail 0\b[\s\S]*exit code 0$/);
    const allowed = tsconfig({ module: 'nodenext', allowImportingTsExtensions: true });
    await writeFile(join(folder, 'tsconfig.json'), allowed);
    expect(await typeErrors(folder)).toBe('\nexit code 0');

    const variables = ['API_URL', 'SLACK_WEBHOOK_URL', 'MAIL_URL'].map((name) => `${name}=${service.url}`);
    await writeFile(
      join(folder, 'tasks/.env.local'),
      [...variables, 'MAIL_TO=ann@example.com', 'TENANTS=acme,globex'].join('\n'),
    );
    const local = (...argv: string[]) => runProgramFile([...argv, '--local'], { cwd: folder });
    const plan = JSON.parse((await local('plan', '--json')).stdout);
    const planned = [...plan.blocking, ...plan.everyDeploy, ...plan.background].map(({ name }) => name);
    expect(planned.sort()).toEqual(said.map(({ name }) => name).sort());

    onTestFinished(() => endDatabaseServers(folder));
    const ran = await local('invoke', 'my_run', 'my_fan_out', 'my_http', 'my_slack', 'my_email');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('mailed ann@example.com') });
    expect(service.requests.map(({ body }) => JSON.parse(body))).toEqual([
      { to: 'ann@example.com', subject: 'My email', text: 'It is done.' },
      { reason: 'my_http' },
      { text: 'local: 4 succeeded, 0 failed' },
    ]);
    // It says what is left to fill in.
    expect((await local('invoke', 'my_sql')).stdout).toContain('connect your SQL client');
  });
});

it('finds the templates in the package as it is built', { timeout: 240_000 }, async () => {
  const folder = await installApp({ 'cdk.json': '{}' }, []);

  const said: string[] = [];
  for (const template of TEMPLATES) {
    const program = 'node_modules/after-party/dist/bin/after-party.js';
    said.push(await runInApp(folder, program, ['generate', 'task', template, '--template', template]));
  }

  expect(said.filter((text) => !/^created tasks[\s\S]*exit code 0$/.test(text))).toEqual([]);
});
