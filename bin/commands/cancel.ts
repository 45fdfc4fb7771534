import { PartyError } from '../../functions/errors.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { runLines } from './run-lines.ts';

/** Asks a run to end at its tasks' next chance. */
export async function cancel(
  runId: string,
  options: { readonly reason?: string },
  context: CommandContext,
): Promise<ExitCode> {
  if (!/^[0-9a-f]{32}$/.test(runId)) {
    const message = `${JSON.stringify(runId)} is no run: a run's id has 32 hex digits`;
    throw new PartyError('usage', message, 'invoke and run print it; show names the last one of a task');
  }
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const run = await context.party.ask({ request: 'cancel', runId, ...reason });
  context.terminal.print(run, (safe) => [
    `cancel requested: run ${safe.runId} is ${safe.state}`,
    ...runLines(safe, context),
  ]);
  return EXIT.ok;
}
