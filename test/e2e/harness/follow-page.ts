import { expect } from 'vitest';
import type { Block } from '../../documents/pages.ts';
import type { Shell } from './shell.ts';

/**
 * Does what blocks of a page say, in their order, and looks for what they say one sees.
 * @returns what was printed last
 */
export async function followPage(
  blocks: readonly Block[],
  shell: Shell,
  writeModule: (code: string) => Promise<void>,
): Promise<string> {
  let [printed, exitCode]: [string, number | null] = ['', 0];
  for (const [index, { language, code }] of blocks.entries()) {
    const where = `block ${index + 1}:\n${code}\n\nprinted before:\n${printed}`;
    if (language === 'sh') {
      expect(exitCode, where).toBe(0);
      ({ code: exitCode, printed } = await shell.run(code));
    } else if (language === 'ts') {
      expect(exitCode, where).toBe(0);
      await writeModule(code);
    } else {
      if (code.startsWith('❌')) exitCode = exitCode === 1 ? 0 : exitCode;
      for (const line of code.trim().split('\n')) expect(squeezed(printed), where).toMatch(pattern(line));
    }
  }
  expect(exitCode, printed).toBe(0);
  return printed;
}

/** What was printed, without the line breaks that the CDK CLI puts into long lines. */
export function squeezed(printed: string): string {
  return printed.replace(/\s+/g, ' ');
}

/** A line of what a page says one sees; `…` stands for what differs. */
function pattern(line: string): RegExp {
  const parts = line
    .trim()
    .split(/ ?… ?/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, ' '));
  return new RegExp(parts.join('.*?'));
}
