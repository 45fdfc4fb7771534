import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { declareCommands } from '../bin/commands.ts';
import type { Surroundings } from '../bin/declarations/declaring.ts';
import * as sources from '../functions/sources/index.ts';

const repository = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const readme = read('README.md');
/** What users of the package read. */
const forUsers = ['README.md', 'docs/long-work.md'];

function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code = '']) => code,
  );
}

/** Texts between single backticks. */
function codeSpans(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** The first cells of the table under this head. */
function namesInTable(head: string): string[] {
  const table = readme.slice(readme.indexOf(`| ${head} |`)).split('\n\n', 1)[0] ?? '';
  const cells = table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|')[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, name = '']) => name));
}

describe('README', () => {
  it('has code that compiles, as the pages beside it have, and names props that exist and all options', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'readme-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const compilerOptions = {
      noEmit: true,
      rootDir: '/',
      typeRoots: [join(repository, 'node_modules/@types')],
      paths: {
        'after-party': [join(repository, 'lib/index.ts')],
        'after-party/task': [join(repository, 'functions/task/index.ts')],
        'after-party/sources': [join(repository, 'functions/sources/index.ts')],
      },
    };
    const config = { extends: join(repository, 'tsconfig.json'), compilerOptions, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const blocks = forUsers.flatMap((document) => codeBlocks(read(document), 'ts'));
    for (const [index, code] of blocks.entries()) writeFileSync(join(folder, `block-${index}.ts`), code);
    writeFileSync(
      join(folder, 'names.ts'),
      `import type { AfterPartyProps } from 'after-party';
       import type { TaskOptions } from 'after-party/task';
       export const props: (keyof AfterPartyProps)[] = ${JSON.stringify(namesInTable('prop'))};
       const options = ${JSON.stringify(namesInTable('option'))} as const satisfies readonly (keyof TaskOptions)[];
       type Missing = Exclude<keyof TaskOptions, (typeof options)[number]>;
       export const areAllThere: [Missing] extends [never] ? true : Missing = true;`,
    );

    const tsc = join(repository, 'node_modules/typescript/bin/tsc');
    const compiled = promisify(execFile)(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch(
      (error) => error,
    );

    expect((await compiled).stdout).toBe('');
    expect(codeBlocks(readme, 'ts').length).toBeGreaterThan(2);
    expect(namesInTable('prop')).toContain('deployTimeout');
    expect(namesInTable('option')).toContain('secretParams');
    expect(namesInTable('source').filter((name) => !(name in sources))).toEqual([]);
    expect(namesInTable('source')).toHaveLength(Object.keys(sources).length);
  }, 60_000);

  it.each(forUsers)('%s names commands and flags that the program has', (document) => {
    const text = read(document);
    const program = new Command();
    declareCommands(program, {} as Surroundings, () => {});
    const lines = [...codeBlocks(text, 'sh').flatMap((code) => code.split('\n')), ...codeSpans(text)];
    const called = lines.flatMap(
      (line) => /\bafter-party ((?!@)[a-z].*)$/.exec(line.replace(/#.*/, ''))?.[1] ?? [],
    );

    const unknown = called.flatMap((words) => unknownIn(program, words.split(/\s+/)));

    expect(called.length).toBeGreaterThan(5);
    expect(unknown).toEqual([]);
    const flags = codeSpans(text).filter((code) => /^--[a-z-]+$/.test(code));
    const known = program.commands.flatMap((command) => command.options.map(({ long }) => long));
    expect(flags.filter((flag) => !known.includes(flag) && !FLAGS_OF_OTHERS.includes(flag))).toEqual([]);
  });
});

/** django-post-deploy's. */
const FLAGS_OF_OTHERS = ['--reset'];

/** The words of a command line that the program does not know. */
function unknownIn(program: Command, words: readonly string[]): string[] {
  const [name = '', next = ''] = words;
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined) return [name];
  if (command.commands.length > 0) return unknownIn(command, [next, ...words.slice(2)]);
  const flags = words.filter((word) => word.startsWith('--'));
  return flags
    .filter((flag) => !command.options.some(({ long }) => long === flag))
    .map((flag) => `${name} ${flag}`);
}

describe('the documents', () => {
  const documents = [...forUsers, 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/architecture.md'];

  it.each(documents)('%s names scripts and files that exist', (document) => {
    const text = read(document);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) =>
      join(dirname(document), path),
    );
    const paths = codeSpans(text).filter((code) =>
      /^(lib|functions|bin|tasks|test|docs|build|bench|\.ci)\/[\w./-]*$/.test(code),
    );
    // These speak of their readers' files, too.
    const own = forUsers.includes(document) ? [] : paths;
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);

    expect([...links, ...own].filter((path) => !existsSync(join(repository, path)))).toEqual([]);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });
});
