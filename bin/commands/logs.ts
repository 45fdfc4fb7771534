import type { LogLine } from '../../functions/controller/requests.ts';
import { messageOf, PartyError } from '../../functions/errors.ts';
import { parseDuration } from '../../functions/task/duration.ts';
import { LogReader } from '../party/log-reader.ts';
import type { PartyClient } from '../party/party-client.ts';
import { minute, second } from '../terminal/times.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { childOf, logText } from './run-report.ts';
import { wait } from './wait.ts';

export interface LogsOptions {
  /**
   * A duration back from now such as `10m`, or a time.
   * @default - the start of the task's last attempt
   */
  readonly since?: string;
  readonly follow?: boolean;
}

const FOLLOW_MILLISECONDS = 2000;

/** Prints a task's log lines; with `follow`, until Ctrl-C or until nobody reads them. */
export async function logs(name: string, options: LogsOptions, context: CommandContext): Promise<ExitCode> {
  const { terminal, party, now } = context;
  const since = options.since === undefined ? await lastStart(name, party) : startOf(options.since, now());
  // All that a log group ever held would take minutes to search.
  const reader = new LogReader(party, name, since ?? new Date(now()).toISOString());
  const show = async () => {
    const lines = await reader.read();
    if (lines.length > 0 || options.follow !== true)
      terminal.print({ lines }, (safe) => safe.lines.map(logLine));
    return lines.length;
  };
  if ((await show()) === 0) {
    terminal.progress(
      since === undefined ? `${name} has not run yet` : `no log lines of ${name} since ${since}`,
    );
  }
  if (options.follow !== true) return EXIT.ok;
  const interrupt = new AbortController();
  const stopListening = context.onInterrupt(() => interrupt.abort());
  const signal = AbortSignal.any([interrupt.signal, terminal.closed]);
  try {
    while (await wait(FOLLOW_MILLISECONDS, signal)) await show();
  } finally {
    stopListening();
  }
  return interrupt.signal.aborted ? EXIT.interrupted : EXIT.ok;
}

async function lastStart(name: string, party: PartyClient): Promise<string | undefined> {
  const { tasks } = await party.ask({ request: 'show', names: [name] });
  return tasks[0]?.startedAt ?? undefined;
}

function logLine(line: LogLine): string {
  const attempt = line.attempt === undefined ? '' : `  #${line.attempt}`;
  const child = childOf(line) === '' ? '' : `  ${childOf(line)}`;
  return `${minute(line.at).slice(0, 10)} ${second(line.at)}${attempt}${child}  ${logText(line)}`;
}

function startOf(text: string, now: number): string {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const time = Date.parse(text);
    if (!Number.isNaN(time)) return new Date(time).toISOString();
  }
  try {
    return new Date(now - parseDuration(text) * 1000).toISOString();
  } catch (error) {
    throw new PartyError(
      'usage',
      `--since: ${messageOf(error)}`,
      'or write a time: --since 2026-01-05T10:00:00Z',
      { cause: error },
    );
  }
}
