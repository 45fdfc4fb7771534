import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as sources from '../../functions/sources/index.ts';
import { blocksOf, forUsers, read, repository } from './pages.ts';
import { parseYaml } from './workflow.ts';

/** What the CDK's jest apps find without an import. */
const JEST_GLOBALS = `import type * as globals from '@jest/globals';
declare global {
  const jest: typeof globals.jest;
  const test: typeof globals.test;
  const expect: typeof globals.expect;
}
`;

/** Every option of any task, and every prop. */
const NAMES = `import type { AfterPartyProps } from 'after-party';
import type { KeyTaskOptions, ShardTaskOptions, TaskOptions } from 'after-party/task';
type Option = keyof TaskOptions | keyof KeyTaskOptions | keyof ShardTaskOptions;
type Missing<All, Known> = [Exclude<All, Known>] extends [never] ? true : Exclude<All, Known>;
`;

const blocks = forUsers.flatMap(blocksOf);

describe('the code in the documents', () => {
  it('compiles, and the reference has all props and options', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'documents-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'jest.d.ts'), JEST_GLOBALS);
    const entry = (file: string): string[] => [join(repository, file)];
    const compilerOptions = {
      noEmit: true,
      // As apps have it that cdk init made: the CDK's own types do not agree under it.
      exactOptionalPropertyTypes: false,
      rootDir: '/',
      module: 'esnext',
      moduleResolution: 'bundler',
      typeRoots: [join(repository, 'node_modules/@types')],
      paths: {
        'after-party': entry('lib/index.ts'),
        'after-party/task': entry('functions/task/index.ts'),
        'after-party/sources': entry('functions/sources/index.ts'),
        'after-party/testing': entry('functions/testing/index.ts'),
      },
    };
    const config = { extends: join(repository, 'tsconfig.json'), compilerOptions, include: ['**/*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const modules = blocks.filter(({ language }) => language === 'ts');
    for (const [index, { page, code }] of modules.entries()) {
      const [, path] = /^\/\/ (\S+\.ts)\n/.exec(code) ?? [];
      // Blocks that name their file belong to one app, in which later ones replace earlier ones: both compile.
      const taken = modules.slice(0, index).some((each) => each.code.startsWith(`// ${path}\n`));
      const name = path === undefined || taken ? `block-${index}.ts` : path;
      const file = join(folder, page.replaceAll('/', '-'), name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, code);
    }
    writeFileSync(
      join(folder, 'names.ts'),
      `${NAMES}
const props = ${JSON.stringify(namesIn('docs/reference/construct.md', 'Props'))} as const satisfies readonly (keyof AfterPartyProps)[];
const options = ${JSON.stringify(namesIn('docs/reference/tasks.md', 'Options'))} as const satisfies readonly Option[];
export const allProps: Missing<keyof AfterPartyProps, (typeof props)[number]> = true;
export const allOptions: Missing<Option, (typeof options)[number]> = true;
`,
    );

    const tsc = join(repository, 'node_modules/typescript/bin/tsc');
    const compiled = promisify(execFile)(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch(
      (error) => error,
    );

    expect((await compiled).stdout).toBe('');
    expect(modules.length).toBeGreaterThan(30);
  }, 120_000);

  it('shows each option of a task in an example', () => {
    const examples = blocksOf('docs/tasks.md').filter(({ language }) => language === 'ts');
    const used = (option: string): boolean =>
      examples.some(({ code }) => new RegExp(`^  (async )?${option}[:(]`, 'm').test(code));

    const options = namesIn('docs/reference/tasks.md', 'Options');

    expect(options.filter((option) => !used(option))).toEqual([]);
    expect(options).toContain('secretParams');
  });

  it('names all sources and no others', () => {
    const table = read('docs/tasks.md').split('| source |')[1]?.split('\n\n', 1)[0] ?? '';
    const cells = table.split('\n').map((row) => row.split('|')[1] ?? '');
    const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));

    expect(named.sort()).toEqual(Object.keys(sources).sort());
  });

  it('is JSON or YAML where it says so, and of a language that is checked', () => {
    const parsers: Record<string, (text: string) => unknown> = { json: JSON.parse, yaml: parseYaml };
    for (const { language, code } of blocks) {
      const parse = parsers[language];
      if (parse !== undefined) expect(parse(code)).toBeTypeOf('object');
    }

    const checked = ['ts', 'sh', 'text', 'logs', ...Object.keys(parsers)];
    expect(blocks.filter(({ language }) => !checked.includes(language))).toEqual([]);
    expect(() => parseYaml('a: [')).toThrow();
  });
});

/** The names in the list of a section of the reference. */
function namesIn(page: string, section: string): string[] {
  const list = read(page).split(`## ${section}\n`)[1]?.split('\n## ', 1)[0] ?? '';
  return [...list.matchAll(/^- `(\w+)/gm)].map(([, name = '']) => name);
}
