import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { startRun } from './start-run.ts';

export interface RunOptions {
  /** The manual tasks that have not run too. */
  readonly all?: boolean;
  readonly detach?: boolean;
}

/** Runs what is pending, as the next deploy would. */
export function run(options: RunOptions, context: CommandContext): Promise<ExitCode> {
  return startRun(
    { request: 'run', all: options.all === true },
    { detach: options.detach === true },
    context,
  );
}
