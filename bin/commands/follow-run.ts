import type { RunStatus } from '../../functions/controller/requests.ts';
import { messageOf, PartyError } from '../../functions/errors.ts';
import type { PartyClient } from '../party/party-client.ts';
import type { CommandContext } from './context.ts';
import { RunReport } from './run-report.ts';
import { wait } from './wait.ts';

/** How long to wait between two looks at a run, in milliseconds. */
export interface Polling {
  readonly first: number;
  readonly most: number;
}
const GROWTH = 1.25;
/** CloudWatch shows a line some seconds after it was written: how often to look again at the end. */
const LATE_LOOKS = 3;
const MOST_FAILURES = 5;

/** Whether the run has come to its end. */
export function isOver(run: RunStatus): boolean {
  return run.state !== 'accepted' && run.state !== 'running';
}

/**
 * Shows a run's progress and its tasks' log lines on stderr until it ends or the signal aborts.
 * @throws PartyError `lost-sight` where the party can be asked no more: the run may well go on
 */
export async function followRun(
  started: RunStatus,
  context: CommandContext,
  options: { readonly polling: Polling; readonly signal: AbortSignal },
): Promise<RunStatus> {
  const { polling, signal } = options;
  const report = new RunReport(started, context);
  const looks = new Looks(started.runId, context.party);
  let run = started;
  try {
    for (let delay = polling.first; ; delay = Math.min(polling.most, delay * GROWTH)) {
      await report.show(run);
      if (isOver(run)) break;
      if (!(await wait(delay, signal))) return run;
      run = (await looks.next()) ?? run;
    }
    for (let look = 0; look < LATE_LOOKS && report.lacksLines(run); look++) {
      if (!(await wait(polling.first, signal))) break;
      await report.showLateLines(run);
    }
    return run;
  } finally {
    report.end();
  }
}

/** Looks at a run, and bears with a few that fail: the run does not end because a network does. */
class Looks {
  readonly #runId: string;
  readonly #party: PartyClient;
  #failures = 0;

  constructor(runId: string, party: PartyClient) {
    this.#runId = runId;
    this.#party = party;
  }

  async next(): Promise<RunStatus | undefined> {
    try {
      const run = await this.#party.ask({ request: 'show-run', runId: this.#runId });
      this.#failures = 0;
      return run;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures < MOST_FAILURES) return undefined;
      throw new PartyError(
        'lost-sight',
        `the run ${this.#runId} was started and may go on, but cannot be watched: ${messageOf(error)}`,
        `look again: npx after-party status${this.#party.flags}`,
        { cause: error },
      );
    }
  }
}
