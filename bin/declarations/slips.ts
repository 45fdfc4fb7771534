import type { Command, Option } from 'commander';
import { COMPLETE } from './completing.ts';
import { collect } from './options.ts';

/** How many characters a word may have, and the value of a flag where that is known here. */
const LONGEST_WORD = 255;
const LONGEST_VALUE: Readonly<Record<string, number>> = {
  ...{ reason: 500, key: 4096 },
  ...{ task: LONGEST_WORD, until: LONGEST_WORD, tag: LONGEST_WORD },
};
/** A key of a split task is whatever the task says. */
const MAY_BE_BLANK: ReadonlySet<string> = new Set(['key']);

/**
 * Refuses what would be taken in silence: a flag given twice of which only the last counts, an empty word such as that
 * of an unset shell variable, a flag that stands where the value of another one is missing; and words of any length.
 */
export function refuseSlips(program: Command): void {
  for (const command of leaves(program)) {
    if (command.name() === COMPLETE) continue;
    for (const option of command.options) if (option.required) refuseSlipsIn(command, option);
    command.hook('preAction', () => {
      for (const [index, word] of command.args.entries()) {
        const argument = command.registeredArguments[index] ?? command.registeredArguments.at(-1);
        const complaint = complaintOf(word, LONGEST_WORD);
        if (complaint !== undefined) refuse(command, `argument '${argument?.name()}' ${complaint}`);
      }
    });
  }
}

/** The commands that do something. */
export function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

function refuseSlipsIn(command: Command, option: Option): void {
  const flags = new Set(['--help', ...command.options.flatMap(({ long, short }) => [long, short])]);
  const longest = LONGEST_VALUE[option.name()] ?? Number.POSITIVE_INFINITY;
  let seen = false;
  command.on(`option:${option.name()}`, (value: string) => {
    const complaint =
      seen && option.parseArg !== collect
        ? 'was given twice'
        : flags.has(value)
          ? `argument missing: ${value} is another flag`
          : MAY_BE_BLANK.has(option.name()) && value.trim() === ''
            ? undefined
            : complaintOf(value, longest);
    seen = true;
    if (complaint !== undefined) refuse(command, `option '${option.flags}' ${complaint}`);
  });
}

function complaintOf(text: string, longest: number): string | undefined {
  if (text.trim() === '') return 'is empty';
  if (text.length <= longest) return undefined;
  return `is ${text.length.toLocaleString('en')} characters long: expected at most ${longest}`;
}

function refuse(command: Command, complaint: string): never {
  return command.error(`error: ${complaint}`, { code: 'after-party.slip' });
}
