import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FUNCTIONS = join(import.meta.dirname, '..', 'functions');

/**
 * What random histories begin with: the variable's number, or one that the code under test has. So a commit is green
 * or red whoever runs it and how often, and the next one tries other histories.
 */
export function seedFrom(variable: string): number {
  const given = process.env[variable];
  if (given !== undefined) return Number(given);
  const files = readdirSync(FUNCTIONS, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(readFileSync(join(FUNCTIONS, file)));
  return hash.digest().readUInt32BE() % 2 ** 31;
}
