import { PartyError } from '../../functions/errors.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { isOver } from './follow-run.ts';
import { printEnd, seeToEnd } from './see-to-end.ts';

/** Shows a run to its end, whoever started it; without an id the newest that is under way. */
export async function watch(runId: string | undefined, context: CommandContext): Promise<ExitCode> {
  const { party, terminal } = context;
  if (runId !== undefined && !/^[0-9a-f]{32}$/.test(runId)) {
    throw new PartyError(
      'usage',
      `${JSON.stringify(runId)} is not the id of a run, which has 32 digits from 0 to f`,
      'without an id, watch shows the newest run; a task is shown by: npx after-party show NAME',
    );
  }
  const { run } = await party.ask({ request: 'watch', ...(runId !== undefined && { runId }) });
  if (run === null) {
    terminal.print(null, () => ['nothing runs']);
    return EXIT.ok;
  }
  const code = isOver(run) ? printEnd(run, context) : await seeToEnd(async () => run, context);
  // It was started, if not by this command.
  return code === EXIT.notStarted ? EXIT.taskFailed : code;
}
