import type { PartyClient } from '../party/party-client.ts';
import type { Terminal } from '../terminal/terminal.ts';

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
