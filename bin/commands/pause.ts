import { localNames } from '../project/local-tasks.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { stopLine } from './stop-line.ts';

export interface ReasonOptions {
  readonly reason?: string;
}

/** Has a task wait for a person; one that is being executed, at its next boundary. */
export async function pause(
  name: string,
  { reason }: ReasonOptions,
  { party, terminal, cwd }: CommandContext,
): Promise<ExitCode> {
  const paused = await party.ask({
    request: 'pause',
    names: [name],
    local: localNames(cwd),
    ...(reason !== undefined && { reason }),
  });
  terminal.print(paused, ({ tasks }) => tasks.map((task) => stopLine('pause', task)));
  return EXIT.ok;
}
