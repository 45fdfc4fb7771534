import { readdirSync } from 'node:fs';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine } from './command-line.ts';
import { installApp, installed, runInApp } from './generated-app.ts';

const FILES = [
  'cdk.json',
  'bin/tasks-app.ts',
  'tsconfig.json',
  'package.json',
  '.gitignore',
  'tasks/README.md',
];
const init = (cwd: string, ...argv: string[]) => commandLine(['init', '--standalone', ...argv], { cwd });
const textOf = (folder: string, file: string) => readFile(join(folder, file), 'utf8');
const textsOf = (folder: string) => Promise.all(FILES.map((file) => textOf(folder, file)));

interface Template {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, never> }>;
}

/** Synthesizes with the real CDK CLI; the template of the only stack. */
async function synth(folder: string, ...args: string[]): Promise<{ stack: string; template: Template }> {
  await rm(join(folder, 'cdk.out'), { recursive: true, force: true });
  const said = await runInApp(folder, installed('aws-cdk/bin/cdk'), [
    'synth',
    '--quiet',
    '--no-notices',
    ...args,
  ]);
  if (!said.endsWith('exit code 0')) throw new Error(said);
  const [file = '', ...others] = readdirSync(join(folder, 'cdk.out')).filter((name) =>
    name.endsWith('.template.json'),
  );
  expect(others).toEqual([]);
  const template = JSON.parse(await textOf(folder, join('cdk.out', file))) as Template;
  return { stack: file.replace('.template.json', ''), template };
}

const resourcesOf = ({ Resources }: Template, type: string) =>
  Object.values(Resources).filter(({ Type }) => Type === type);

describe('init --standalone', { timeout: 600_000 }, () => {
  it('makes an app that compiles, and that cdk synthesizes with tables, variables and roles handed in by name', async () => {
    const folder = await installApp({}, ['aws-cdk-lib', 'constructs', '@types/node', 'tsx', 'aws-cdk']);
    await symlink(installed('.bin'), join(folder, 'node_modules/.bin'));

    const { code, json } = await init(folder, '--json');
    const task = await commandLine(['generate', 'task', 'x', '--json'], { cwd: folder });

    expect([code, json]).toEqual([0, { changed: FILES, unchanged: [] }]);
    expect(task.json).toMatchObject({ runner: 'node:test', pending: true });
    expect(await runInApp(folder, installed('typescript/bin/tsc'), ['-p', folder])).toBe('\nexit code 0');
    const { scripts } = JSON.parse(await textOf(folder, 'package.json')) as { scripts: { test: string } };
    expect(scripts.test).toBe('node --import tsx --test "test/**/*.test.ts"');
    expect(await runInApp(folder, '--import', ['tsx', '--test', 'test/**/*.test.ts'])).toMatch(/\bpass 1\b/);

    const { context } = JSON.parse(await textOf(folder, 'cdk.json')) as { context: { stack: string } };
    const plain = await synth(folder);
    expect(plain.stack).toBe(context.stack);
    expect(plain.stack).toMatch(/^after-party-generated-\w+-tasks$/);
    const [run, ...parties] = resourcesOf(plain.template, 'Custom::AfterParty');
    expect(parties).toEqual([]);
    expect(run?.Properties.Tasks).toEqual([expect.stringMatching(/^\d{14}_x$/)]);

    const { stack, template } = await synth(
      folder,
      ...['-c', 'environment=production', '-c', 'tables={"USERS_TABLE":"users-prod"}'],
      ...['-c', 'variables={"API_URL":"https://api.example.com"}', '-c', 'operators=["deployer"]'],
    );
    expect(stack).toBe(`${context.stack}-production`);
    const variables = resourcesOf(template, 'AWS::Lambda::Function').map(
      ({ Properties }) => (Properties.Environment as { Variables: object } | undefined)?.Variables,
    );
    expect(variables).toContainEqual(
      expect.objectContaining({ USERS_TABLE: 'users-prod', API_URL: 'https://api.example.com' }),
    );
    expect(JSON.stringify(variables)).toContain('production');
    const policies = resourcesOf(template, 'AWS::IAM::Policy').map((policy) => JSON.stringify(policy));
    expect(policies.find((policy) => policy.includes('"Roles":["deployer"]'))).toContain(
      'lambda:InvokeFunction',
    );
    expect(policies.filter((policy) => policy.includes(':table/users-prod/index/*'))).toHaveLength(1);

    await expect(synth(folder, '-c', 'tables=users')).rejects.toThrow('-c tables=users is no JSON: expected');
  });

  it('changes nothing when repeated, also from a folder of the app, and leaves what the author changed', async () => {
    const folder = await installApp({ 'tasks/1_x.ts': '' }, []);
    await init(folder);
    await writeFile(join(folder, 'bin/tasks-app.ts'), '// ours');
    const before = await textsOf(folder);

    const again = await init(folder, '--json');
    const below = await init(join(folder, 'tasks'));
    const plain = await commandLine(['init', '--json'], { cwd: folder });

    expect(again.json).toEqual({ changed: [], unchanged: FILES });
    expect(below).toMatchObject({ code: 0, stdout: expect.stringContaining('there     bin/tasks-app.ts\n') });
    expect(plain.json.changed).toEqual([]);
    expect(await textsOf(folder)).toEqual(before);
  });

  it('adds to the package.json that is there what it lacks, and says what it left', async () => {
    const text =
      '{\n    "name": "api",\n    "scripts": { "tasks": "gulp" },\n    "dependencies": { "tsx": "3" }\n}\n';
    const folder = await installApp(
      { 'package.json': text, 'template.yaml': '', '.gitignore': '/node_modules' },
      [],
    );

    const { stdout } = await init(folder);

    expect(stdout).toContain('left      script "tasks", which does something else: "gulp"\n');
    expect(stdout).toContain('added     aws-cdk-lib to devDependencies\n');
    expect(stdout).not.toContain('tsx to dev');
    const manifest = JSON.parse(await textOf(folder, 'package.json'));
    expect(manifest).toMatchObject({
      name: 'api',
      scripts: { tasks: 'gulp', 'tasks:deploy': 'cdk deploy' },
      dependencies: { tsx: '3' },
    });
    expect(Object.keys(manifest.devDependencies)).toContain('after-party');
    expect(manifest.type).toBeUndefined();
    expect(await textOf(folder, '.gitignore')).toBe('/node_modules\ncdk.out/\n.after-party/\n');
  });

  it.each([
    ['another CDK app', { 'cdk.json': '{"app":"node bin/app.ts"}' }, 'that of another CDK app'],
    ['a package.json that is no JSON', { 'package.json': '{' }, 'no valid JSON'],
    ['a file where a folder is needed', { bin: '' }, 'cannot be written'],
  ])('writes nothing beside %s', async (_, files, words) => {
    const folder = await installApp(files, []);

    const { code, stderr } = await init(folder);

    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
    expect(readdirSync(folder).sort()).toEqual([...Object.keys(files), 'node_modules'].sort());
  });

  it('works from the package as it is built', async () => {
    const folder = await installApp({}, []);

    const said = await runInApp(folder, 'node_modules/after-party/dist/bin/after-party.js', [
      'init',
      '--standalone',
    ]);

    expect(said).toMatch(/created {3}bin\/tasks-app\.ts\n[\s\S]*exit code 0$/);
    expect(await textOf(folder, 'bin/tasks-app.ts')).toContain('new AfterParty(stack');
  });
});
