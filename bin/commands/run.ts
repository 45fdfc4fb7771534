import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { startRun } from './start-run.ts';

export interface RunOptions {
  /** The manual tasks that have not run too. */
  readonly all?: boolean;
  /** Only tasks that have one of these tags. */
  readonly tag?: readonly string[];
  readonly detach?: boolean;
}

/** Runs what is pending, as the next deploy would. */
export function run({ all, tag, detach }: RunOptions, context: CommandContext): Promise<ExitCode> {
  return startRun(
    { request: 'run', all: all === true, ...(tag !== undefined && { tags: [...tag] }) },
    { detach: detach === true },
    context,
  );
}
