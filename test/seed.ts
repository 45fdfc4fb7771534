import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * What random values begin with: `AFTER_PARTY_SEED`, or a number that the code has. So a commit is green or red whoever
 * runs it and how often, and the next one tries others.
 */
export const seed: number = Number(process.env.AFTER_PARTY_SEED ?? seedOfCode());

function seedOfCode(): number {
  const hash = createHash('sha256');
  for (const folder of ['functions', 'lib', 'bin']) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.ts')).toSorted())
      hash.update(readFileSync(join(root, folder, file)));
  }
  return hash.digest().readUInt32BE() % 2 ** 31;
}
