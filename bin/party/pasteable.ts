import { isPartyError, PartyError } from '../../functions/errors.ts';

const COMMANDS = [
  ...['baseline', 'cancel', 'doctor', 'history', 'invoke', 'logs', 'mark-done', 'pause', 'plan', 'rate'],
  ...['reset', 'resume', 'run', 'show', 'skip', 'status', 'watch'],
];
/** A command for a party and its words, as far as they can be some: not beyond the end of a sentence. */
const COMMAND = new RegExp(
  `(?:npx )?after-party (${COMMANDS.join('|')})\\b((?: (?:"[^"]*"|'[^']*'|[^\\s"'\`;,|()]*[^\\s"'\`;,|().:]))*)`,
  'g',
);
/** The flags by which the controller, which does not know how it was reached, names itself. */
const TARGET = / (?:--stack \S+(?: --party (?:'[^']*'|\S+))?|--local)(?=\s|$)/;

/**
 * A text whose commands lead to the party when they are pasted into the shell of whoever reads it. Within a sentence a
 * command stands in backticks.
 * @param flags that led to the party, each with a space in front; none are needed where it is found without
 */
export function pasteable(text: string, flags: string): string {
  return text.replace(
    COMMAND,
    (_, name: string, words: string) => `npx after-party ${name}${targeted(words, flags)}`,
  );
}

function targeted(words: string, flags: string): string {
  if (flags === '' || `${words} `.includes(`${flags} `)) return words;
  return TARGET.test(words) ? words.replace(TARGET, () => flags) : `${words}${flags}`;
}

/** The error, of which the command that helps leads to the party; whatever else was thrown as it is. */
export function withPasteableHint(error: unknown, flags: string): unknown {
  if (!isPartyError(error) || error.resolution === undefined) return error;
  const { code, message, resolution, cause } = error;
  return new PartyError(code, message, pasteable(resolution, flags), { cause });
}
