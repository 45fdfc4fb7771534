import type { ControllerPorts } from './ports.ts';
import type { Answers } from './requests.ts';
import { showRun } from './run-status.ts';

/**
 * The run as it stands, or the newest that is under way.
 * @throws PartyError `unknown-run`, `damaged-record`
 */
export async function watch(ports: ControllerPorts, runId: string | undefined): Promise<Answers['watch']> {
  const wanted = runId ?? (await newestUnderWay(ports));
  return { run: wanted === undefined ? null : await showRun(ports, wanted) };
}

async function newestUnderWay({ ledger, log }: ControllerPorts): Promise<string | undefined> {
  let newest: { readonly runId: string; readonly startedAt: string } | undefined;
  for (const run of await ledger.runs.list()) {
    if (run instanceof Error) log.error(run.message);
    else if (run.state !== 'accepted' && run.state !== 'running') continue;
    else if (newest === undefined || run.startedAt > newest.startedAt) newest = run;
  }
  return newest?.runId;
}
