import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { mustRun } from './command.ts';
import { MINISTACK_FOLDER } from './ministack.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const DIST = join(REPOSITORY, 'dist');
/** On the same disk, so that the move back is one rename. */
const HIDDEN_DIST = join(MINISTACK_FOLDER, 'dist');

/** What the apps of `cdk init` bring, beside what this package's own package.json gives a version of. */
const FROM_CDK_INIT = {
  '@swc/core': '^1.15.0',
  '@swc/jest': '^0.2.39',
  '@types/jest': '^30',
  jest: '^30',
};
const AS_IN_THE_REPOSITORY = [
  '@aws-sdk/client-cloudformation',
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/lib-dynamodb',
  '@types/node',
  'aws-cdk',
  'aws-cdk-lib',
  'constructs',
  'tsx',
  'typescript',
  'valibot',
  'vitest',
];

/**
 * Packs this package as npm publishes it and installs the tarball into a new folder outside the repository,
 * beside what apps need. The apps of the scenarios are folders below it.
 * @returns the folder
 */
export async function installPackedPackage(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'after-party-e2e-')));
  const options = { env: process.env, timeoutMs: 300_000 };
  const packed = await mustRun(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    {
      ...options,
      cwd: REPOSITORY,
    },
  );
  const tarball = packed.stdout.trim().split('\n').at(-1);
  const shared = await versionsOfRepository(AS_IN_THE_REPOSITORY);
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { ...shared, ...FROM_CDK_INIT, 'after-party': `file:${tarball}` },
    }),
  );
  await mkdir(join(folder, 'home'));
  await mustRun('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], {
    ...options,
    cwd: folder,
  });
  return folder;
}

/** Where the package lies as it was packed. */
export async function packedTarball(): Promise<string> {
  const name = (await readdir(inject('installation'))).find((file) => file.endsWith('.tgz'));
  return join(inject('installation'), String(name));
}

/** The versions of packages that the repository itself has. */
export async function versionsOfRepository(names: readonly string[]): Promise<Record<string, string>> {
  const own = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
  const versions: Record<string, string> = { ...own.dependencies, ...own.devDependencies };
  return Object.fromEntries(names.map((name) => [name, String(versions[name])]));
}

/** Moves the repository's build away, so that nothing can reach it by a way round the tarball. */
export async function hideDist(): Promise<void> {
  await restoreDist();
  await rm(HIDDEN_DIST, { recursive: true, force: true });
  await rename(DIST, HIDDEN_DIST);
}

/** Moves it back; also after a run that was killed before it could. */
export async function restoreDist(): Promise<void> {
  if (existsSync(HIDDEN_DIST) && !existsSync(DIST)) await rename(HIDDEN_DIST, DIST);
}
