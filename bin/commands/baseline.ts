import type { Baseline, BaselinedTask } from '../../functions/controller/requests.ts';
import { PartyError } from '../../functions/errors.ts';
import { localNames } from '../project/local-tasks.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { readVersions } from './version-list.ts';

export interface BaselineOptions {
  readonly reason: string;
  /** The last task. */
  readonly until?: string;
  /** A file, or `-` for stdin. */
  readonly versions?: string;
  readonly allowUnknown?: boolean;
}

/** Which tasks a baseline is of. */
export type BaselineChoice =
  | { readonly until: string }
  | { readonly versions: string[]; readonly allowUnknown: boolean };

/**
 * What the flags say, read before a party is opened.
 * @throws PartyError `usage`, `bad-versions`
 */
export async function readChoice(
  { until, versions, allowUnknown }: BaselineOptions,
  place: Parameters<typeof readVersions>[1],
): Promise<BaselineChoice> {
  if (versions !== undefined)
    return { versions: await readVersions(versions, place), allowUnknown: allowUnknown === true };
  if (until !== undefined) return { until };
  throw new PartyError(
    'usage',
    'which tasks to baseline was not said',
    'name the last one with --until, or hand in a list with --versions FILE, or - for stdin',
  );
}

const NAMED = 5;

/** Records tasks as done before the party came to know them, without running any. */
export async function baseline(
  choice: BaselineChoice,
  reason: string,
  { party, terminal, cwd }: CommandContext,
): Promise<ExitCode> {
  const done = await party.ask({ request: 'baseline', ...choice, reason, local: localNames(cwd) });
  terminal.print(done, ({ tasks }) =>
    tasks.length === 0 ? ['nothing to record: all have an outcome already'] : tasks.map(line),
  );
  if (!terminal.json) for (const text of summary(done)) terminal.progress(safeText(text));
  return EXIT.ok;
}

function line({ version, name, was }: Baseline['tasks'][number]): string {
  if (name === '') return `${version} is baselined, and there is no such task`;
  return `${version}_${name} is baselined${was === 'pending' ? '' : `, and was ${was}`}`;
}

function summary({ tasks, left, pending }: Baseline): string[] {
  const kept = left.length === 0 ? '' : `, ${left.length} left as they are (${countedStates(left)})`;
  const names = pending.slice(0, NAMED).map(({ name }) => name);
  const more = pending.length > NAMED ? ` and ${pending.length - NAMED} more` : '';
  return [
    `${tasks.length} recorded${kept}`,
    pending.length === 0 ? 'nothing is left to run once' : `still to run: ${names.join(', ')}${more}`,
  ];
}

function countedStates(tasks: readonly BaselinedTask[]): string {
  const counts = new Map<string, number>();
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}
