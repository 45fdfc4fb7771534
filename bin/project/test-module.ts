import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { nearestFolderWith } from './app-folder.ts';
import { fillIn, type TemplateText, type TemplateValues } from './fill-in.ts';
import type { FileText } from './new-files.ts';
import { dependenciesOf, type NpmProject, npmProjectsAbove, readText } from './npm-package.ts';
import type { Template } from './templates.ts';
import { findTestRunner, type TestRunner } from './test-runner.ts';

const TEST_FOLDERS = ['test', 'tests', '__tests__'];

/** The test of a new task. */
export interface TaskTest {
  readonly file: FileText;
  readonly runner: TestRunner;
  /** Whether the app names that runner. */
  readonly isFound: boolean;
}

export interface TestedTask {
  readonly app: string;
  /** The path of the task's module. */
  readonly module: string;
  readonly template: Pick<Template, 'name' | 'isCustom'>;
  readonly values: TemplateValues;
}

/** The test that a template has for the task, for the runner of the app's tests, or else Node's own. */
export function testOf(text: TemplateText, { app, module, template, values }: TestedTask): TaskTest {
  const projects = npmProjectsAbove(app);
  const found = findTestRunner(projects);
  const runner = found ?? 'node:test';
  const path = testPath(app, values.name);
  const specifier = specifierOf(module, path, runner, projects);
  const filled = withTaskImport(fillIn(text, values), template.name, specifier);
  // The app's own template is written for the app's own runner.
  const test = template.isCustom ? filled : forRunner(filled, runner, projects);
  return { file: { path, text: test }, runner, isFound: found !== undefined };
}

/** Where the test of a task belongs: in the folder that the app has its tests in. */
function testPath(app: string, name: string): string {
  const folder = TEST_FOLDERS.find((each) => existsSync(join(app, each))) ?? 'test';
  return join(app, folder, 'tasks', `${name}.test.ts`);
}

/** The test of a template, its import of `./<template>` turned to the task's module. */
function withTaskImport(text: string, template: string, specifier: string): string {
  return text.replace(/(["'])\.\/([\w-]+)(?:\.[jt]s)?\1/g, (found, quote: string, name: string) =>
    name === template ? `${quote}${specifier}${quote}` : found,
  );
}

/** How a test imports a module, so that both the app's runner and its compiler find it. */
function specifierOf(
  module: string,
  test: string,
  runner: TestRunner,
  [nearest]: readonly NpmProject[],
): string {
  const path = relative(dirname(test), module).split(sep).join('/').replace(/\.ts$/, '');
  const config = nearestFolderWith('tsconfig.json', dirname(module));
  const text = config === undefined ? undefined : readText(join(config, 'tsconfig.json'));
  const options = text?.replace(/^\s*\/\/.*$/gm, '');
  const isSet = (option: string) => new RegExp(`"${option}"\\s*:\\s*true`).test(options ?? '');
  const tsx = nearest !== undefined && dependenciesOf(nearest.manifest).includes('tsx');
  // Node itself finds no file without its extension.
  if (options === undefined || (runner === 'node:test' && !tsx)) return `${path}.ts`;
  if (isSet('allowImportingTsExtensions') || isSet('rewriteRelativeImportExtensions')) return `${path}.ts`;
  const isModule = nearest?.manifest.type === 'module';
  return isModule && !/"bundler"/i.test(options) ? `${path}.js` : path;
}

/** The package's own tests are written for vitest; this one says the same to another runner. */
function forRunner(test: string, runner: TestRunner, [nearest]: readonly NpmProject[]): string {
  if (runner === 'vitest') return test;
  const [found = '', names = ''] = /^import (\{.*\}) from 'vitest';\n/m.exec(test) ?? [];
  if (runner === 'jest') {
    const hasGlobals = nearest !== undefined && dependenciesOf(nearest.manifest).includes('@types/jest');
    return test.replace(found, hasGlobals ? '' : `import ${names} from '@jest/globals';\n`);
  }
  const withoutExpect = names.replace(' expect,', '');
  return test
    .replace(found, `import assert from 'node:assert/strict';\nimport ${withoutExpect} from 'node:test';\n`)
    .replace(/^( *)expect\((.*)\)\.toBe\((.*)\);$/gm, '$1assert.equal($2, $3);')
    .replace(/^( *)expect\((.*)\)\.toEqual\((.*)\);$/gm, '$1assert.deepEqual($2, $3);');
}
