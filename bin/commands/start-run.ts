import { randomBytes } from 'node:crypto';
import type { RunStatus } from '../../functions/controller/requests.ts';
import { PartyError } from '../../functions/errors.ts';
import { isRefusal, type PartyRequest } from '../party/party-client.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { followRun, isOver } from './follow-run.ts';
import { runLines } from './run-lines.ts';

type RunRequest = Extract<PartyRequest, { request: 'invoke' | 'run' | 'resume' }>;
/** What to run; the id of the run is made here. */
export type RunOrder = RunRequest extends infer Each
  ? Each extends RunRequest
    ? Omit<Each, 'runId'>
    : never
  : never;

/** States in which a task has not done what the caller waits for; one that reached its limit has. */
const UNFINISHED: ReadonlySet<string> = new Set(['failed', 'in-doubt', 'paused', 'cancelled']);

const POLLING = {
  remote: { first: 1000, most: 5000 },
  local: { first: 100, most: 500 },
} as const;

/** Starts a run and, unless detached, shows it to its end; Ctrl-C leaves a run that can go on by itself. */
export async function startRun(
  order: RunOrder,
  { detach }: { readonly detach: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const { party, terminal } = context;
  if (detach && !party.runsGoOn) {
    const message = '--detach and --local exclude each other: local tasks run within this command';
    throw new PartyError('usage', message, 'leave one of them out');
  }
  const interrupt = new AbortController();
  const stopListening = context.onInterrupt(() => interrupt.abort());
  try {
    const runId = randomBytes(16).toString('hex');
    const accepted = await startConfirmed({ ...order, runId }, context);
    if (detach) {
      terminal.print(accepted, () => [runId]);
      terminal.progress(comeBack(accepted, context));
      return EXIT.ok;
    }
    const polling = party.runsGoOn ? POLLING.remote : POLLING.local;
    const run = await followRun(accepted, context, { polling, signal: interrupt.signal });
    if (!isOver(run)) return await leave(run, context);
    terminal.print(run, (safe) => runLines(safe, context));
    return exitCodeOfRun(run);
  } finally {
    stopListening();
  }
}

/** Asks a person where the controller wants to be sure; the run's id stays, so nothing is started twice. */
async function startConfirmed(request: RunRequest, { party, terminal }: CommandContext): Promise<RunStatus> {
  try {
    return await party.ask(request);
  } catch (error) {
    if (!isRefusal(error, 'confirm') || request.request !== 'invoke' || !terminal.interactive) throw error;
    if (!(await terminal.confirm(error.message)))
      throw new PartyError('not-confirmed', 'nothing was started');
    return await party.ask({ ...request, confirmed: true });
  }
}

async function leave(run: RunStatus, context: CommandContext): Promise<ExitCode> {
  const { party, terminal } = context;
  if (party.runsGoOn) {
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

function comeBack(run: RunStatus, { party }: CommandContext): string {
  const [task] = run.tasks;
  const look = task === undefined ? `status${party.flags}` : `show ${task.name}${party.flags}`;
  return `Look: npx after-party ${look}   End it: npx after-party cancel ${run.runId}${party.flags}`;
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
