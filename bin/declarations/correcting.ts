import type { Command } from 'commander';
import type { Correction, CorrectOptions } from '../commands/correct.ts';
import type { PartyOptions } from '../party/connect.ts';
import type { Declaring } from './declaring.ts';
import { keyOption, partyOptions } from './options.ts';

/** Commands that correct the ledger. */
export function declareCorrecting({ program, withParty }: Declaring): void {
  const correction = (name: Correction, description: string): Command =>
    program
      .command(`${name} <tasks...>`)
      .description(description)
      .requiredOption('--reason <text>', 'why, for the record')
      .action((names: string[], options: PartyOptions & CorrectOptions) =>
        withParty(options, async (context) =>
          (await import('../commands/correct.ts')).correct(name, names, options, context),
        ),
      );
  partyOptions(correction('skip', 'record tasks as not wanted: deploys leave them out'));
  partyOptions(keyOption(correction('mark-done', 'record tasks as done by other means')));
  const reset = correction('reset', 'make tasks pending again').option('--yes', 'reset without being asked');
  partyOptions(keyOption(reset));
}
