import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installMinistack } from './ministack.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'after-party-python-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Puts a python3 on an otherwise empty PATH that prints and ends as told. */
async function python(prints: string, exitCode: number): Promise<void> {
  const program = join(folder, 'python3');
  await writeFile(program, `#!/bin/sh\necho '${prints}'\nexit ${exitCode}\n`);
  await chmod(program, 0o755);
}

describe('setting up MiniStack', () => {
  it.each([
    {
      what: 'no Python',
      prints: undefined,
      exitCode: 0,
      says: /^python3 is not on the PATH: install Python 3\.10 or later[^.]*$/,
    },
    {
      what: 'an old Python',
      prints: '3.9',
      exitCode: 0,
      says: /^python3 is Python 3\.9: put Python 3\.10 or later[^.]*$/,
    },
    {
      what: 'a Python without venv',
      prints: '3.12',
      exitCode: 1,
      says: /^python3 has no venv module: install it[^.]*$/,
    },
  ])('names the fix in a sentence for $what', async ({ prints, exitCode, says }) => {
    if (prints !== undefined) await python(prints, exitCode);
    vi.stubEnv('PATH', folder);

    const setUp = installMinistack(join(folder, 'ministack'));

    await expect(setUp).rejects.toThrow(says);
  });
});
