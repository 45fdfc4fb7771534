import type { RunStatus } from '../../functions/controller/requests.ts';
import { isRefusal } from '../party/party-client.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { followRun, isOver } from './follow-run.ts';
import { runLines } from './run-lines.ts';

/** States in which a task has not done what the caller waits for; one that reached its limit has. */
const UNFINISHED: ReadonlySet<string> = new Set(['failed', 'in-doubt', 'paused', 'cancelled']);

const POLLING = {
  remote: { first: 1000, most: 5000 },
  local: { first: 100, most: 500 },
} as const;

/** Shows a run to its end, and prints what came of it; at Ctrl-C it is left to those who drive it. */
export async function seeToEnd(begin: () => Promise<RunStatus>, context: CommandContext): Promise<ExitCode> {
  const { party } = context;
  const interrupt = new AbortController();
  const stopListening = context.onInterrupt(() => interrupt.abort());
  try {
    const begun = await begin();
    const polling = party.runsGoOn ? POLLING.remote : POLLING.local;
    const run = await followRun(begun, context, { polling, signal: interrupt.signal });
    return isOver(run) ? printEnd(run, context) : await leave(run, context);
  } finally {
    stopListening();
  }
}

/** Prints what came of a run that is over, and says so by the exit code. */
export function printEnd(run: RunStatus, context: CommandContext): ExitCode {
  context.terminal.print(run, (safe) => runLines(safe, context));
  return exitCodeOfRun(run);
}

async function leave(run: RunStatus, context: CommandContext): Promise<ExitCode> {
  const { party, terminal } = context;
  if (!party.drives(run.runId)) {
    terminal.progress(`\nleft: the run goes on. ${comeBack(run, context)}`);
    terminal.print(run, () => []);
    return EXIT.interrupted;
  }
  terminal.progress('\na local run cannot go on without this command: it is being cancelled');
  terminal.print(await cancelled(run, context), () => []);
  return EXIT.interrupted;
}

/** The run after the cancel; it may have ended just before. */
async function cancelled({ runId }: RunStatus, { party }: CommandContext): Promise<RunStatus> {
  try {
    return await party.ask({ request: 'cancel', runId });
  } catch (error) {
    if (!isRefusal(error, 'failed')) throw error;
    return party.ask({ request: 'show-run', runId });
  }
}

/** How to see more of a run, and how to end it. */
export function comeBack({ runId }: RunStatus, { party }: CommandContext): string {
  return `Watch it: npx after-party watch ${runId}${party.flags}   End it: npx after-party cancel ${runId}${party.flags}`;
}

function exitCodeOfRun(run: RunStatus): ExitCode {
  if (run.state === 'held') return EXIT.held;
  if (run.dryRun) return run.state === 'succeeded' ? EXIT.ok : EXIT.taskFailed;
  const executed = run.tasks.filter((task) => task.lastRun === run.runId);
  // Params that were refused, or a bundle that does not load.
  if (run.state === 'failed' && executed.length === 0) return EXIT.notStarted;
  // Of some children, it is about those: others may have failed before.
  const judged = run.children.length > 0 ? run.children : executed;
  const failed = judged.some((one) => UNFINISHED.has(one.state));
  return run.state === 'succeeded' && !failed ? EXIT.ok : EXIT.taskFailed;
}
