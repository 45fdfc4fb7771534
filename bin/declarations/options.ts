import { type Command, InvalidArgumentError, Option } from 'commander';

/** Chooses among the children of a split task. */
export function keyOption(command: Command): Command {
  const description =
    'only this key of a split task, or the shard with this number as show lists it; may be repeated';
  return command.addOption(new Option('--key <key>', description).argParser(collect));
}

/** Which party is meant, and how it answers. */
export function partyOptions(command: Command): Command {
  return outputOptions(
    command
      .optionsGroup('Which party:')
      .addOption(new Option('--stack <name>', 'the stack with the tasks').conflicts('env'))
      .option('--env <name>', 'the environment, as cdk.out has it')
      .option('--party <name>', 'which one, where the stack has several')
      .option('--profile <name>', 'a profile of ~/.aws/config')
      .option('--region <name>', 'the AWS region')
      .addOption(
        new Option('--local', 'the tasks on this machine, without AWS').conflicts(['profile', 'region']),
      )
      .option('--with-aws', 'let local tasks reach AWS')
      .option('--reset', 'with --local: empty the ledger and the tables of this machine first')
      .hook('preAction', refuseWithoutLocal),
  );
}

function refuseWithoutLocal(command: Command): void {
  const { local, withAws, reset } = command.opts<{ local?: true; withAws?: true; reset?: true }>();
  if (local) return;
  const help = '\n(leave it out, or add --local)';
  if (withAws) command.error(`error: --with-aws is for --local: a deployed party reaches AWS anyway${help}`);
  if (reset)
    command.error(`error: --reset is for --local: it empties .after-party, and nothing in AWS${help}`);
}

/** How a command prints. */
export function outputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'print one JSON document')
    .option('--no-color', 'print without colours, as with the variable NO_COLOR');
}

/** Reads a flag's value. */
export function wholeNumber(text: string): number {
  const number = positiveNumber(text);
  if (!Number.isSafeInteger(number)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
}

/** Reads a flag's value. */
export function positiveNumber(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (!(number > 0) || !Number.isFinite(number))
    throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

/** Reads a flag that may be repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
