import { localNames } from '../project/local-tasks.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { ReasonOptions } from './pause.ts';
import { runLines } from './run-lines.ts';
import { stopLine } from './stop-line.ts';

/** Ends a run, or a task: what is being executed, at its next chance. */
export function cancel(
  runOrTask: string,
  { reason }: ReasonOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const why = reason === undefined ? {} : { reason };
  // A task's name begins with a letter and its version has at most 38 digits, seldom just 32.
  return /^[0-9a-f]{32}$/.test(runOrTask)
    ? cancelRun(runOrTask, why, context)
    : cancelTask(runOrTask, why, context);
}

async function cancelRun(runId: string, why: ReasonOptions, context: CommandContext): Promise<ExitCode> {
  const run = await context.party.ask({ request: 'cancel', runId, ...why });
  context.terminal.print(run, (safe) => [
    `cancel requested: run ${safe.runId} is ${safe.state}`,
    ...runLines(safe, context),
  ]);
  return EXIT.ok;
}

async function cancelTask(
  name: string,
  why: ReasonOptions,
  { party, terminal, cwd }: CommandContext,
): Promise<ExitCode> {
  const cancelled = await party.ask({
    request: 'cancel-task',
    names: [name],
    local: localNames(cwd),
    ...why,
  });
  terminal.print(cancelled, ({ tasks }) => tasks.map((task) => stopLine('cancel', task)));
  return EXIT.ok;
}
