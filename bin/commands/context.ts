import type { PartyOptions } from '../party/connect.ts';
import type { PartyClient } from '../party/party-client.ts';
import type { Streams, Terminal } from '../terminal/terminal.ts';

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly party: PartyClient;
  /** The folder that the command was started in. */
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Calls the listener at the first Ctrl-C instead of ending the process; returns what takes it off again. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** What commands work with before a party is opened. */
export interface Surroundings extends Omit<CommandContext, 'party'> {
  /** Of this program. */
  readonly version: string;
  readonly streams: Streams;
  readonly connect: (options: PartyOptions) => Promise<PartyClient>;
}
