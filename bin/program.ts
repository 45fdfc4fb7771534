import { Command, CommanderError } from 'commander';
import { PartyError } from '../functions/errors.ts';
import { nearestWord } from '../functions/task/nearest-word.ts';
import type { Surroundings } from './commands/context.ts';
import { EXIT, type ExitCode, exitCodeOf } from './commands/exit-codes.ts';
import { declareCommands } from './commands.ts';
import { failureDocument, failureLines } from './terminal/failure-lines.ts';
import { Terminal } from './terminal/terminal.ts';

/** What the program needs of the process that it runs in. */
export type ProcessSurroundings = Omit<Surroundings, 'terminal'>;

/** Runs the command line, and says how it went; nothing is thrown. */
export async function runProgram(
  argv: readonly string[],
  surroundings: ProcessSurroundings,
): Promise<ExitCode> {
  // Read before the command line is parsed, because a mistake in it is an answer too.
  const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const terminal = new Terminal(surroundings.streams, {
    json: flags.includes('--json'),
    color: !flags.includes('--no-color'),
  });
  let code: ExitCode = EXIT.ok;
  const program = newProgram(surroundings);
  declareCommands(program, { ...surroundings, terminal }, (ended) => {
    code = ended;
  });
  try {
    refuseHelpOfNothing(program, argv);
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    // Called without a command, it has shown how it is used.
    if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.notStarted;
    fail(error instanceof CommanderError ? usageError(error, commandPath(program, argv)) : error, terminal);
    return exitCodeOf(error);
  }
}

function newProgram({ version, streams }: ProcessSurroundings): Command {
  return new Command('after-party')
    .description('Runs the post-deploy tasks of an AWS CDK app, and shows what became of them.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: () => {},
    })
    .addHelpText(
      'after',
      `
A task is named by its version, name or file name.
The stack is named by --stack or --env, is the only one with tasks in cdk.out, or stands in AFTER_PARTY_STACK.
--local is for the tasks on this machine, and needs none.
Exit codes: 0 done, 1 a task failed, 2 nothing could be started, 3 pending or failed (status --check),
4 held by another run, 130 left with Ctrl-C.`,
    );
}

/** Commander would show the help of the whole program. */
function refuseHelpOfNothing(program: Command, [first, named]: readonly string[]): void {
  if (first !== 'help' || named === undefined || named.startsWith('-')) return;
  const names = [...program.commands.map((command) => command.name()), 'help'];
  if (names.includes(named)) return;
  const nearest = nearestWord(named, names);
  const guess = nearest === undefined ? '' : `\n(Did you mean ${nearest}?)`;
  program.error(`error: unknown command '${named}'${guess}`);
}

/** The words of a command line that name the command. */
function commandPath(program: Command, argv: readonly string[]): string[] {
  const [word, ...rest] = argv;
  const command = program.commands.find((one) => one.name() === word);
  return command === undefined ? [] : [command.name(), ...commandPath(command, rest)];
}

function usageError(error: CommanderError, path: readonly string[]): PartyError {
  const [, message = error.message, suggestion] =
    /^(?:error: )?(.*?)(?:\n\((.*)\))?$/s.exec(error.message) ?? [];
  const help = `\`npx ${['after-party', ...path].join(' ')} --help\` shows how it is used`;
  return new PartyError('usage', message, suggestion ?? help, { cause: error });
}

function fail(error: unknown, terminal: Terminal): void {
  if (terminal.json) terminal.print(failureDocument(error), () => []);
  else for (const line of failureLines(error, terminal.progressColours)) terminal.progress(line);
}
