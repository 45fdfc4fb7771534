import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Surroundings } from '../../bin/commands/context.ts';
import { declareCommands } from '../../bin/commands.ts';
import { leavesOf } from '../../build/reference/command-line.ts';
import { codeSpans, commandLines, forUsers, read, shellWords } from './pages.ts';

/** The real program, of which only the commands do nothing. */
function parser(): Command {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  declareCommands(program, {} as Surroundings, () => {});
  for (const { command } of leavesOf(program)) command.action(() => {});
  return program;
}

/** What the program says against a command line. */
function complaint(words: readonly string[]): string {
  try {
    parser().parse(words, { from: 'user' });
    return '';
  } catch (error) {
    return String(error);
  }
}

/** django-post-deploy's. */
const FLAGS_OF_OTHERS = ['--reset'];

describe('the commands in the documents', () => {
  it.each(forUsers)('%s has command lines that the program takes', (page) => {
    const lines = commandLines(page, 'npx after-party');

    expect(lines.filter(({ words }) => complaint(words) !== '')).toEqual([]);
  });

  it.each(forUsers)('%s names commands and flags that the program has', (page) => {
    const spans = codeSpans(read(page));
    const called = spans.flatMap((span) => {
      const words = /^(?:npx )?after-party ([a-z].*)$/.exec(span)?.[1];
      return words === undefined ? [] : [words];
    });
    const known = leavesOf(parser()).flatMap(({ command }) => command.options.map(({ long }) => long));
    const flags = spans.filter((span) => /^--[a-z-]+$/.test(span));

    const incomplete = /missing required argument|required option .* not specified/;
    const refused = called
      .filter((words) => !page.includes('reference/') && !words.includes('<'))
      .map((words) => `${words}: ${complaint(shellWords(words))}`)
      .filter((said) => !said.endsWith(': ') && !incomplete.test(said));
    expect(refused).toEqual([]);
    expect(flags.filter((flag) => !known.includes(flag) && !FLAGS_OF_OTHERS.includes(flag))).toEqual([]);
  });

  it('would notice what the program does not take', () => {
    expect(complaint(['invoke', 'x', '--yess'])).toContain('--yess');
    expect(complaint(['skip', 'x'])).toContain('--reason');
    expect(complaint(['nothing'])).toContain('nothing');
  });
});
