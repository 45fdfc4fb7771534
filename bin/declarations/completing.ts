import { Argument } from 'commander';
import { SHELLS, type Shell } from '../completion/scripts.ts';
import type { Declaring } from './declaring.ts';

/** The command that the scripts of the shells call. */
export const COMPLETE = '__complete';

/** Completion in shells. */
export function declareCompleting({ program, surroundings, ended }: Declaring): void {
  program
    .command('completion')
    .description('print a script that completes commands, flags, their values and task names in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      const { completion } = await import('../commands/completion.ts');
      ended(completion(shell, surroundings));
    });

  program.command(`${COMPLETE} [words...]`, { hidden: true }).action(async (words: string[]) => {
    const { complete } = await import('../commands/completion.ts');
    ended(await complete(program, words, surroundings));
  });
}
