import type { Argument, Command, Option } from 'commander';
import { localTasksNear } from '../project/local-tasks.ts';

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
  /** The flag whose value it is. */
  readonly awaiting: Option | undefined;
  /** Whether no flag can follow. */
  readonly afterDashes: boolean;
}

/**
 * What the last of the words can be completed to, by the declared commands and the tasks on this machine.
 * @param words what was typed after the name of the program
 */
export function candidates(program: Command, words: readonly string[], cwd: string): Candidate[] {
  const typed = words.at(-1) ?? '';
  const [, flag, text = ''] = /^(--[^=]+)=(.*)$/s.exec(typed) ?? [];
  const position = positionAfter(program, words.slice(0, -1));
  const { command, afterDashes, awaiting } = position;
  const option = flag === undefined || afterDashes ? undefined : optionOf(command, flag);
  if (awaiting === undefined && option !== undefined) {
    const values = fitting(valuesOf(option, position, text, cwd), text);
    return values.map(({ value, description }) => ({ value: `${flag}=${value}`, description }));
  }
  const all =
    awaiting !== undefined ? valuesOf(awaiting, position, typed, cwd) : wordsAt(position, typed, cwd);
  return fitting(all, typed);
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
  for (const word of words) {
    if (awaiting !== undefined) awaiting = undefined;
    else if (word === '--') afterDashes = true;
    else if (word.startsWith('-') && !afterDashes) {
      const option = optionOf(command, word.replace(/=.*$/s, ''));
      if (option === undefined) continue;
      flags.push(option);
      if (option.required && !word.includes('=')) awaiting = option;
    } else {
      const next = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (next === undefined) given = [...given, word];
      else command = next;
    }
  }
  return { command, given, flags, awaiting, afterDashes };
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => long === flag || short === flag);
}

function wordsAt(position: Position, typed: string, cwd: string): Candidate[] {
  const { command, given, afterDashes } = position;
  if (typed.startsWith('-') && !afterDashes) return flagsAt(position);
  if (command.commands.length > 0) return given.length > 0 ? [] : commandsOf(command);
  const argument = command.registeredArguments[given.length] ?? lastOf(command);
  if (argument === undefined) return afterDashes ? [] : flagsAt(position);
  return argument.argChoices !== undefined
    ? plain(argument.argChoices)
    : tasksFor(argument.name(), given, typed, cwd);
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

function valuesOf(option: Option, { given }: Position, typed: string, cwd: string): Candidate[] {
  if (option.argChoices !== undefined) return plain(option.argChoices);
  return option.long === '--task' ? tasksFor('task', given, typed, cwd) : [];
}

/** Arguments are known by what the help calls them. */
function tasksFor(argument: string, given: readonly string[], typed: string, cwd: string): Candidate[] {
  if (!/task|filter/.test(argument)) return [];
  const byVersion = /^\d/.test(typed);
  return localTasksNear(cwd)
    .filter(({ version, name }) => !given.includes(version) && !given.includes(name))
    .map(({ version, name }) =>
      byVersion ? { value: version, description: name } : { value: name, description: version },
    );
}

function plain(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, description: '' }));
}
