import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const { exports, main, types, typesVersions } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.entries<string | Record<string, unknown>>(exports);

it('names files that are built', () => {
  const named = [main, types, JSON.stringify([exports, typesVersions]).match(/\.\/dist[^"]+/g)].flat();

  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('has CommonJS and types for the CDK apps whose TypeScript does not read "exports", too', () => {
  const required = entries.flatMap(([name, each]) =>
    typeof each === 'object' && 'require' in each ? [[name, each.require]] : [],
  );
  const classic = Object.entries<string[]>(typesVersions['*']).map(([name, [path = '']]) => [
    `./${name}`,
    { types: path, default: path.replace(/\.d\.ts$/, '.js') },
  ]);

  expect([['.', { types, default: main }], ...classic]).toEqual(required);
});
