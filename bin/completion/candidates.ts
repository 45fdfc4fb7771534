import type { Argument, Command, Option } from 'commander';
import { type Place, plain, tasks, valuesOf } from './values.ts';

/** What may be typed next. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Where in the command line the next word stands. */
interface Position {
  readonly command: Command;
  /** The arguments before it. */
  readonly given: readonly string[];
  readonly flags: readonly Option[];
  /** The values of those that have one, by their long names. */
  readonly values: ReadonlyMap<string, string>;
  /** The flag whose value it is. */
  readonly awaiting: Option | undefined;
  /** Whether no flag can follow. */
  readonly afterDashes: boolean;
}

/**
 * What the last of the words can be completed to, by the declared commands and the tasks on this machine.
 * @param words what was typed after the name of the program
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  place: Place,
): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const [, flag, text = ''] = /^(--[^=]+)=(.*)$/s.exec(typed) ?? [];
  const position = positionAfter(program, words.slice(0, -1));
  const { command, given, values, afterDashes, awaiting } = position;
  const option = flag === undefined || afterDashes ? undefined : optionOf(command, flag);
  if (awaiting === undefined && option !== undefined) {
    const found = fitting(await valuesOf(option, { given, values, text }, place), text);
    return found.map(({ value, description }) => ({ value: `${flag}=${value}`, description }));
  }
  if (awaiting === undefined) return fitting(await wordsAt(position, typed, place), typed);
  return fitting(await valuesOf(awaiting, { given, values, text: typed }, place), typed);
}

function fitting(all: readonly Candidate[], typed: string): Candidate[] {
  return all.filter(({ value }) => value.startsWith(typed));
}

function positionAfter(program: Command, words: readonly string[]): Position {
  let command = program;
  let given: string[] = [];
  let awaiting: Option | undefined;
  let afterDashes = false;
  const flags: Option[] = [];
  const values = new Map<string, string>();
  for (const word of words) {
    if (awaiting !== undefined) {
      values.set(awaiting.long ?? '', word);
      awaiting = undefined;
    } else if (word === '--') afterDashes = true;
    else if (word.startsWith('-') && !afterDashes) {
      const option = optionOf(command, word.replace(/=.*$/s, ''));
      if (option === undefined) continue;
      flags.push(option);
      const [, value] = /=(.*)$/s.exec(word) ?? [];
      if (value !== undefined) values.set(option.long ?? '', value);
      if (option.required && !word.includes('=')) awaiting = option;
    } else {
      const next = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (next === undefined) given = [...given, word];
      else command = next;
    }
  }
  return { command, given, flags, values, awaiting, afterDashes };
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => long === flag || short === flag);
}

async function wordsAt(position: Position, typed: string, { cwd }: Place): Promise<Candidate[]> {
  const { command, given, afterDashes } = position;
  if (typed.startsWith('-') && !afterDashes) return flagsAt(position);
  if (command.commands.length > 0) return given.length > 0 ? [] : commandsOf(command);
  const argument = command.registeredArguments[given.length] ?? lastOf(command);
  if (argument === undefined) return afterDashes ? [] : flagsAt(position);
  if (argument.argChoices !== undefined) return plain(argument.argChoices);
  // Arguments are known by what the help calls them.
  const name = argument.name();
  if (name === 'filters') return [...tasks(given, typed, cwd), ...(await states(given))];
  return /task/.test(name) ? tasks(given, typed, cwd) : [];
}

/** The last argument takes what follows, where it takes several. */
function lastOf(command: Command): Argument | undefined {
  const last = command.registeredArguments.at(-1);
  return last?.variadic === true ? last : undefined;
}

function commandsOf(command: Command): Candidate[] {
  const shown = command.createHelp().visibleCommands(command);
  return shown.map((one) => ({ value: one.name(), description: one.description() }));
}

function flagsAt({ command, flags }: Position): Candidate[] {
  const shown = command.createHelp().visibleOptions(command);
  return shown
    .filter((option) => option.parseArg !== undefined || !flags.includes(option))
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
}

/** What `status` can be asked for besides tasks. */
async function states(given: readonly string[]): Promise<Candidate[]> {
  const { FILTER_WORDS } = await import('../commands/task-filter.ts');
  return plain(FILTER_WORDS.filter((word) => !given.includes(word)));
}
