import { Command, type Option } from 'commander';
import type { Surroundings } from '../../bin/commands/context.ts';
import { declareCommands } from '../../bin/commands.ts';

/** The program with all commands declared, and nothing that could run them. */
function declaredProgram(): Command {
  const program = new Command('after-party');
  declareCommands(program, {} as Surroundings, () => {});
  return program;
}

/** Flags that many commands share are listed once, under their group. */
const SHARED = ['Which party:', 'Output:'];

/** The page of all commands and flags that the program declares. */
export function commandLinePage(): string {
  const commands = leavesOf(declaredProgram());
  const shared = SHARED.map((group) =>
    groupText(
      group,
      commands.map(({ command }) => command),
    ),
  );
  return [
    '# Reference: the command line',
    'Made of what the program declares; `after-party COMMAND --help` says the same. [Operating](../operating.md) says when to use what.',
    ...shared,
    '## Commands',
    ...commands.map(commandText),
  ]
    .join('\n\n')
    .concat('\n');
}

export interface Leaf {
  readonly path: string;
  readonly command: Command;
}

/** The commands that do something, with the words that call them. */
export function leavesOf(command: Command, path = ''): Leaf[] {
  const shown = command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help');
  if (shown.length === 0) return [{ path: path.trim(), command }];
  return shown.flatMap((each) => leavesOf(each, `${path} ${each.name()}`));
}

function visible(command: Command): Option[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help');
}

function groupText(group: string, commands: readonly Command[]): string {
  const options = commands.flatMap((command) =>
    visible(command).filter((each) => each.helpGroupHeading === group),
  );
  const byFlag = new Map(options.map((option) => [option.flags, option]));
  return `## ${group.replace(/:$/, '')}\n\n${[...byFlag.values()].map(optionText).join('\n')}`;
}

function commandText({ path, command }: Leaf): string {
  const usage = [
    `after-party ${path}`,
    ...command.registeredArguments.map((each) => argumentText(each)),
  ].join(' ');
  const own = visible(command).filter(({ helpGroupHeading = '' }) => !SHARED.includes(helpGroupHeading));
  const groups = SHARED.filter((group) => visible(command).some((each) => each.helpGroupHeading === group));
  const also = groups.map((group) => `*${group.replace(/:$/, '').toLowerCase()}*`).join(' and ');
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  return [
    `### \`${usage}\``,
    sentence(command.description()),
    [
      ...described.map((each) => `- \`${argumentText(each)}\`: ${each.description}`),
      ...own.map(optionText),
      ...(also === '' ? [] : [`- and the flags of ${also}`]),
    ].join('\n'),
  ].join('\n\n');
}

function argumentText(argument: Command['registeredArguments'][number]): string {
  const words = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${words}>` : `[${words}]`;
}

function optionText(option: Option): string {
  const default_ =
    option.defaultValue === undefined || option.defaultValue === false
      ? ''
      : `; default \`${option.defaultValue}\``;
  const needed = option.mandatory ? '; required' : '';
  const choices =
    option.argChoices === undefined
      ? ''
      : `; one of ${option.argChoices.map((each) => `\`${each}\``).join(', ')}`;
  return `- \`${option.flags}\`: ${option.description}${choices}${needed}${default_}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
