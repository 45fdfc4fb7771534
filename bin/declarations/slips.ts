import type { Command } from 'commander';
import { COMPLETE } from './completing.ts';
import { collect } from './options.ts';

/** Flags whose value may be blank: a key of a split task is whatever the task says. */
const MAY_BE_BLANK = new Set(['key']);

/**
 * Refuses what is taken in silence otherwise: a value given twice of which only the last counts, an empty word such as
 * that of an unset shell variable, and a flag that stands where the value of another one is missing.
 */
export function refuseSlips(program: Command): void {
  for (const command of leaves(program)) {
    if (command.name() === COMPLETE) continue;
    refuseSlipsInFlags(command);
    command.hook('preAction', () => {
      const index = command.args.findIndex((word) => word.trim() === '');
      if (index < 0) return;
      const { registeredArguments } = command;
      const argument = registeredArguments[index] ?? registeredArguments.at(-1);
      command.error(`error: ${argument?.name() ?? 'a word'} is empty`, { code: 'after-party.emptyArgument' });
    });
  }
}

function refuseSlipsInFlags(command: Command): void {
  const words = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  for (const option of command.options.filter(({ required }) => required)) {
    let seen = false;
    command.on(`option:${option.name()}`, (value: string) => {
      const refuse = (what: string, code: string) =>
        command.error(`error: option '${option.flags}' ${what}`, { code });
      if (seen && option.parseArg !== collect) refuse('was given twice', 'after-party.repeatedOption');
      seen = true;
      if (words.has(value)) refuse(`argument missing: ${value} is another flag`, 'after-party.flagAsValue');
      const blank = MAY_BE_BLANK.has(option.name()) ? value === '' : value.trim() === '';
      if (blank) refuse('argument is empty', 'after-party.emptyValue');
    });
  }
}

/** The commands that do something. */
export function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}
