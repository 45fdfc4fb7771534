import type { Command } from 'commander';
import type { CommandContext, Surroundings } from '../commands/context.ts';
import type { ExitCode } from '../commands/exit-codes.ts';
import type { PartyOptions } from '../party/connect.ts';

/** What it takes to declare a command. Its module is loaded when it runs: help is there at once. */
export interface Declaring {
  readonly program: Command;
  readonly surroundings: Surroundings;
  /** Is told how a command ended. */
  readonly ended: (code: ExitCode) => void;
  /** Runs a command on the party that the flags name. */
  readonly withParty: (
    options: PartyOptions,
    run: (context: CommandContext) => Promise<ExitCode>,
  ) => Promise<void>;
}
