import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workflowSteps } from './workflow.ts';

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
  /** The heading of the second level that it stands under. */
  readonly section: string;
  readonly language: string;
  readonly code: string;
}

const BLOCK_OR_HEADING = /^## ([^\n]*)$|^```(\w*)\n(.*?)^```$/gms;

/** The code blocks of a page; those without a language are pictures. */
export function blocksOf(page: string): Block[] {
  const found: Block[] = [];
  let section = '';
  for (const [, heading, language = '', code = ''] of read(page).matchAll(BLOCK_OR_HEADING)) {
    if (heading !== undefined) section = heading;
    else if (language !== '') found.push({ page, section, language, code });
  }
  return found;
}

/** The blocks of one section of a page. */
export function blocksIn(page: string, section: string): Block[] {
  const found = blocksOf(page).filter((block) => block.section === section);
  if (found.length === 0) throw new Error(`${page} has no blocks under "${section}"`);
  return found;
}

/** Texts between single backticks. */
export function codeSpans(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** The lines of a block that a person types, or that GitHub runs, without their comments. */
export function shellLines({ language, code }: Block): string[] {
  const scripts =
    language === 'sh' ? [code] : language === 'yaml' ? workflowSteps(code).map(({ run = '' }) => run) : [];
  const lines = scripts
    .flatMap((script) => script.split('\n'))
    .map((line) => line.replace(/(^| +)# .*$/, '').trim());
  return lines.filter((line) => line !== '');
}

export interface CommandLine {
  readonly page: string;
  /** As it is written there. */
  readonly text: string;
  /** What the program is given. */
  readonly words: readonly string[];
}

/** The command lines of `program` that a page shows. */
export function commandLines(page: string, program: string): CommandLine[] {
  return blocksOf(page)
    .flatMap(shellLines)
    .flatMap((text) => {
      // Behind a pipe, too.
      const [, rest] = text.split(new RegExp(`^(?:.* \\| )?${program}(?= )`));
      return rest === undefined ? [] : [{ page, text, words: shellWords(rest) }];
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
