import type { HistoryLine } from '../../functions/controller/party-history.ts';
import { PartyError } from '../../functions/errors.ts';
import { localNames } from '../project/local-tasks.ts';
import { oneLine, safeText } from '../terminal/safe-text.ts';
import { type Cell, table } from '../terminal/table.ts';
import { stateColour } from '../terminal/task-lines.ts';
import { minute, span } from '../terminal/times.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface HistoryOptions {
  /** Entries. */
  readonly limit: number;
}

const MOST = 1000;

/** Shows what was done, newest first: attempts and corrections, of these tasks or of all. */
export async function history(
  names: readonly string[],
  { limit }: HistoryOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { party, terminal, cwd } = context;
  if (limit > MOST)
    throw new PartyError(
      'usage',
      `--limit ${limit} is more than one answer holds`,
      `ask for at most ${MOST}`,
    );
  const told = await party.ask({
    request: 'history',
    limit,
    local: localNames(cwd),
    ...(names.length > 0 && { names: [...names] }),
  });
  terminal.print(told, ({ entries }) =>
    entries.length === 0 ? ['nothing was done yet'] : lines(entries, context),
  );
  for (const message of told.damaged) terminal.progress(`left out: ${safeText(message)}`);
  if (told.more > 0 && !terminal.json)
    terminal.progress(
      `${told.more} older left out; more of them: --limit ${Math.min(MOST, limit + told.more)}`,
    );
  return EXIT.ok;
}

function lines(entries: readonly HistoryLine[], { terminal }: CommandContext): string[] {
  const rows = entries.map((entry): Cell[] => [
    { text: minute(entry.at) },
    { text: entry.state, paint: stateColour(entry.state, terminal.colours) },
    { text: entry.version ?? '' },
    { text: entry.name ?? '' },
    { text: entry.attempt === null || entry.runId === null ? '' : `#${entry.attempt}` },
    { text: entry.durationMs === null ? '' : span(entry.durationMs) },
    { text: oneLine(whoOf(entry)) },
    { text: oneLine(whyOf(entry)) },
  ]);
  return table(
    ['WHEN (UTC)', 'STATE', 'VERSION', 'TASK', 'ATTEMPT', 'TOOK', 'BY', 'NOTE'],
    rows,
    terminal.width,
  );
}

/** What it was done by: a deploy, a run of somebody's, or somebody by hand. */
function whoOf({ trigger, deployId, by }: HistoryLine): string {
  const who = by === null ? '' : shortName(by);
  if (trigger === 'deploy')
    return ['deploy', deployId === null ? '' : shortCommit(deployId), who].filter(Boolean).join(' ');
  return [trigger ?? '', who].filter(Boolean).join(' by ');
}

/** A correction is told with the words of whoever made it; a run that came to no task, with its outcome. */
function whyOf({ error, reason, runId }: HistoryLine): string {
  if (error !== null || reason === null) return error ?? '';
  return runId === null ? `"${reason}"` : reason;
}

function shortName(by: string): string {
  return by.startsWith('arn:') ? (by.split('/').at(-1) ?? by) : by;
}

function shortCommit(deployId: string): string {
  return /^[0-9a-f]{40}$/.test(deployId) ? deployId.slice(0, 7) : deployId;
}
