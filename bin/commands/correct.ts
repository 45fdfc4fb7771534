import { PartyError } from '../../functions/errors.ts';
import { localNames } from '../project/local-tasks.ts';
import { childNote, childTitle, noteOf, quotedKey, titleOf } from '../terminal/task-lines.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** The corrections of the ledger: record as not wanted, record as done, make pending again. */
export type Correction = 'skip' | 'mark-done' | 'reset';

export interface CorrectOptions {
  readonly reason: string;
  /** Children of the only task; not for `skip`. */
  readonly key?: readonly string[];
  readonly yes?: boolean;
}

/** Corrects what the ledger holds of the tasks; the reason and who gave it are kept. */
export async function correct(
  correction: Correction,
  names: readonly string[],
  options: CorrectOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { terminal, party, cwd } = context;
  const { key, reason } = options;
  if (correction === 'reset' && options.yes !== true) await confirmReset(names, key, context);
  const corrected = await party.ask({
    request: correction,
    names: [...names],
    local: localNames(cwd),
    reason,
    ...(key !== undefined && { keys: [...key] }),
  });
  terminal.print(corrected, ({ tasks, children = [] }) => [
    ...children.map((child) => `${childTitle(child)} is ${child.state}  ${childNote(child)}`.trimEnd()),
    ...tasks.map((task) => `${titleOf(task)} is ${task.state}  ${noteOf(task)}`.trimEnd()),
  ]);
  return EXIT.ok;
}

async function confirmReset(
  names: readonly string[],
  keys: readonly string[] | undefined,
  { terminal }: CommandContext,
): Promise<void> {
  const what = keys === undefined ? '' : `${keys.map(quotedKey).join(', ')} of `;
  const consequence = `after a reset the next deploy runs ${what}${names.join(', ')} again`;
  if (!terminal.interactive)
    throw new PartyError('confirm', consequence, 'add --yes to reset without being asked');
  if (await terminal.confirm(`${consequence}. Reset?`)) return;
  throw new PartyError('not-confirmed', 'nothing was changed');
}
