import type { Command } from 'commander';
import { candidates } from '../completion/candidates.ts';
import { completionScripts, type Shell } from '../completion/scripts.ts';
import type { CommandContext, Surroundings } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Prints the script for a shell. */
export function completion(shell: Shell, { terminal }: Pick<CommandContext, 'terminal'>): ExitCode {
  const script = completionScripts[shell];
  terminal.print({ shell, script }, () => [script.trimEnd()]);
  return EXIT.ok;
}

/** Answers the script: a line for each word that the last one can be completed to, and what it is after a tab. */
export async function complete(
  program: Command,
  words: readonly string[],
  { terminal, cwd, streams }: Pick<Surroundings, 'terminal' | 'cwd' | 'streams'>,
): Promise<ExitCode> {
  const found = await candidates(program, words, { cwd, env: streams.env });
  terminal.print(found, (safe) => safe.map(({ value, description }) => `${value}\t${description}`));
  return EXIT.ok;
}
