import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dependenciesOf, type NpmProject } from './npm-package.ts';

/** What runs the tests of an app. */
export type TestRunner = 'jest' | 'vitest' | 'node:test';

const IN_SCRIPT: readonly (readonly [TestRunner, RegExp])[] = [
  ['vitest', /\bvitest\b/],
  ['jest', /\bjest\b/],
  ['node:test', /\s--test(?=\s|$)/],
];
const EXTENSIONS = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'];

/** The runner that an app's projects name, the nearest first; undefined where none does. */
export function findTestRunner(projects: readonly NpmProject[]): TestRunner | undefined {
  for (const project of projects) {
    const runner = byScript(project) ?? byConfig(project) ?? byDependency(project);
    if (runner !== undefined) return runner;
  }
  return undefined;
}

function byScript({ manifest: { scripts = {} } }: NpmProject): TestRunner | undefined {
  const script = String(scripts.test ?? '');
  return IN_SCRIPT.find(([, words]) => words.test(script))?.[0];
}

function byConfig({ folder, manifest }: NpmProject): TestRunner | undefined {
  const isThere = (name: string) =>
    EXTENSIONS.some((end) => existsSync(join(folder, `${name}.config.${end}`)));
  if (isThere('vitest')) return 'vitest';
  return manifest.jest !== undefined || isThere('jest') ? 'jest' : undefined;
}

function byDependency({ manifest }: NpmProject): TestRunner | undefined {
  const names = dependenciesOf(manifest);
  return (['vitest', 'jest'] as const).find((name) => names.includes(name));
}
