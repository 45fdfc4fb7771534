import { localNames } from '../project/local-tasks.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { startRun } from './start-run.ts';

export interface ResumeOptions {
  readonly reason?: string;
  readonly detach?: boolean;
}

/** Lets a paused task go on where it stopped, and shows it to its end. */
export function resume(
  name: string,
  { reason, detach }: ResumeOptions,
  context: CommandContext,
): Promise<ExitCode> {
  return startRun(
    {
      request: 'resume',
      names: [name],
      local: localNames(context.cwd),
      ...(reason !== undefined && { reason }),
    },
    { detach: detach === true },
    context,
  );
}
