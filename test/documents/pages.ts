import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const repository: string = join(import.meta.dirname, '..', '..');

/** What users of the package read. */
export const forUsers: readonly string[] = [
  'README.md',
  ...readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && file !== 'architecture.md')
    .map((file) => `docs/${file}`),
];

export const read = (file: string): string => readFileSync(join(repository, file), 'utf8');

export interface Block {
  readonly page: string;
  readonly language: string;
  readonly code: string;
}

/** The code blocks of a page; those without a language are pictures. */
export function blocksOf(page: string): Block[] {
  return [...read(page).matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = '', code = '']) => ({
    page,
    language,
    code,
  }));
}

/** Texts between single backticks. */
export function codeSpans(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

export interface CommandLine {
  readonly page: string;
  /** As it is written there. */
  readonly text: string;
  /** What the program is given. */
  readonly words: readonly string[];
}

/** The command lines of `program` in the `sh` blocks of a page, and in the steps of its `yaml` blocks. */
export function commandLines(page: string, program: string): CommandLine[] {
  const lines = blocksOf(page)
    .filter(({ language }) => language === 'sh' || language === 'yaml')
    .flatMap(({ code }) => code.split('\n').map((line) => line.replace(/^ *(?:- )?run: /, '')));
  return lines.flatMap((text) => {
    // Behind a pipe, too.
    const [, rest] = text.split(new RegExp(`^(?:.* \\| )?${program}(?= )`));
    return rest === undefined ? [] : [{ page, text: text.trim(), words: shellWords(rest) }];
  });
}

/**
 * The words of a command line, as a shell reads them.
 * @throws Error for what only a shell can do
 */
export function shellWords(line: string): string[] {
  const words = [...line.matchAll(/\s*(?:(#.*)|((?:'[^']*'|"[^"$`]*"|[^\s'"#|&;<>$]+)+))/gy)];
  const end = words.reduce((at, { 0: whole, index }) => Math.max(at, index + whole.length), 0);
  if (line.slice(end).trim() !== '') throw new Error(`cannot read the end of: ${line}`);
  return words.flatMap(([, , word]) =>
    word === undefined ? [] : [word.replace(/'([^']*)'|"([^"]*)"/g, (_, one, two) => one ?? two)],
  );
}
