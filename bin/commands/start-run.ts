import { randomBytes } from 'node:crypto';
import type { RunStatus } from '../../functions/controller/requests.ts';
import { PartyError } from '../../functions/errors.ts';
import { isRefusal, type PartyRequest } from '../party/party-client.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { comeBack, seeToEnd } from './see-to-end.ts';

type RunRequest = Extract<PartyRequest, { request: 'invoke' | 'run' | 'resume' }>;
/** What to run; the id of the run is made here. */
export type RunOrder = RunRequest extends infer Each
  ? Each extends RunRequest
    ? Omit<Each, 'runId'>
    : never
  : never;

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
  const runId = randomBytes(16).toString('hex');
  const start = () => startConfirmed({ ...order, runId }, context);
  if (!detach) return seeToEnd(start, context);
  const accepted = await start();
  terminal.print(accepted, () => [runId]);
  terminal.progress(comeBack(accepted, context));
  return EXIT.ok;
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
