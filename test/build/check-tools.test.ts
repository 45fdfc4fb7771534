import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../lib/app-under-test.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROGRAM = join(ROOT, 'build/check-tools.cjs');

/** Runs it after some code that spoils the surroundings. */
function checkTools(spoil = '', program = PROGRAM): { status: number | null; stderr: string } {
  const script = `${spoil}; require(${JSON.stringify(program)});`;
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
}

describe('the check of the tools', () => {
  it('says nothing where all is there', () => {
    expect(checkTools()).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['20.20.2', undefined],
    ['22.17.1', false],
  ])('says in one sentence what helps on Node %s, which runs no TypeScript', (version, typescript) => {
    const { status, stderr } = checkTools(
      `Object.defineProperty(process, 'version', { value: 'v${version}' });
       Object.defineProperty(process.features, 'typescript', { value: ${typescript} })`,
    );

    expect(status).toBe(1);
    expect(stderr).toBe(
      `Node.js 22.18 or newer is needed and this is v${version}: run \`npm ci\` without --ignore-scripts, ` +
        'which brings a newer one for the scripts of this project.\n',
    );
  });

  it('says in one sentence what helps without the binary of esbuild', () => {
    const folder = temporaryFolder();
    cpSync(PROGRAM, join(folder, 'check-tools.cjs'));
    cpSync(join(ROOT, 'node_modules/esbuild/lib'), join(folder, 'node_modules/esbuild/lib'), {
      recursive: true,
    });
    cpSync(
      join(ROOT, 'node_modules/esbuild/package.json'),
      join(folder, 'node_modules/esbuild/package.json'),
    );

    const { status, stderr } = checkTools('', join(folder, 'check-tools.cjs'));

    expect(stderr).toMatch(/^esbuild does not run here \(.*\): remove node_modules and run `npm ci` .*\.\n$/);
    expect(status).toBe(1);
  });
});
