import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandContext } from './commands/context.ts';
import type { Correction, CorrectOptions } from './commands/correct.ts';
import type { ExitCode } from './commands/exit-codes.ts';
import type { GenerateTaskOptions } from './commands/generate-task.ts';
import type { InvokeOptions } from './commands/invoke.ts';
import type { LogsOptions } from './commands/logs.ts';
import type { ReasonOptions } from './commands/pause.ts';
import type { ResumeOptions } from './commands/resume.ts';
import type { RunOptions } from './commands/run.ts';
import type { ShowOptions } from './commands/show.ts';
import type { PartyOptions } from './party/connect.ts';
import type { PartyClient } from './party/party-client.ts';

/** What commands work with before a party is opened. */
export interface Surroundings extends Omit<CommandContext, 'party'> {
  readonly connect: (options: PartyOptions) => Promise<PartyClient>;
}

type Ended = (code: ExitCode) => void;

/** Declares the commands. Their modules are loaded when they run: help is there at once. */
export function declareCommands(program: Command, surroundings: Surroundings, ended: Ended): void {
  const withParty = async (options: PartyOptions, run: (context: CommandContext) => Promise<ExitCode>) => {
    const party = await surroundings.connect(options);
    try {
      ended(await run({ ...surroundings, party }));
    } finally {
      await party.close();
    }
  };

  outputOptions(program.command('init').description('prepare a CDK app for tasks')).action(async () => {
    const { init } = await import('./commands/init.ts');
    ended(await init(surroundings));
  });

  const task = program.command('generate').description('write new files').command('task <name>');
  task
    .description('write a new task module into tasks/')
    .option('--description <text>', 'one line for people')
    .addOption(new Option('--manual', 'run it by hand only').conflicts('everyDeploy'))
    .option('--every-deploy', 'run it on every deploy')
    .addOption(new Option('--background', 'start it after the deploy has committed').conflicts('manual'));
  outputOptions(task).action(async (name: string, options: GenerateTaskOptions) => {
    const { generateTask } = await import('./commands/generate-task.ts');
    ended(await generateTask(name, options, surroundings));
  });

  const status = program.command('status').description('show every task, and what needs a person');
  partyOptions(status).action((options: PartyOptions) =>
    withParty(options, async (context) => (await import('./commands/status.ts')).status(context)),
  );

  const show = keyOption(program.command('show <tasks...>').description('show all that is known of tasks'));
  partyOptions(show).action((names: string[], options: PartyOptions & ShowOptions) =>
    withParty(options, async (context) => (await import('./commands/show.ts')).show(names, options, context)),
  );

  const logs = program
    .command('logs <task>')
    .description("print a task's log lines")
    .option('--since <when>', 'a duration back from now such as 10m, or a time (default: the last attempt)')
    .addOption(new Option('--follow', 'go on printing until Ctrl-C').conflicts('json'));
  partyOptions(logs).action((name: string, options: PartyOptions & LogsOptions) =>
    withParty(options, async (context) => (await import('./commands/logs.ts')).logs(name, options, context)),
  );

  const invoke = keyOption(
    program
      .command('invoke [tasks...]')
      .description('run these tasks now, in version order')
      .addOption(new Option('--task <name>', 'a task; may be repeated').argParser(collect)),
  )
    .option('--params <json>', 'params for the tasks as JSON, or @ and the file that holds it')
    .option('--if-not-succeeded', 'leave out what has succeeded before')
    .option('--from-start', 'begin anew what an earlier run has left unfinished')
    .option('--limit <items>', 'stop each task after so many items', wholeNumber)
    .addOption(
      new Option('--dry-run', 'have tasks only say what they would do, and record nothing').conflicts(
        'fromStart',
      ),
    )
    .option('--detach', 'print the id of the run and do not wait')
    .option('--yes', 'run without being asked what has succeeded or was skipped before');
  partyOptions(invoke).action((names: string[], options: PartyOptions & InvokeOptions) =>
    withParty(options, async (context) =>
      (await import('./commands/invoke.ts')).invoke(names, options, context),
    ),
  );

  const run = program
    .command('run')
    .description('run what is pending, as the next deploy would')
    .option('--all', 'the manual tasks too')
    .option('--detach', 'print the id of the run and do not wait');
  partyOptions(run).action((options: PartyOptions & RunOptions) =>
    withParty(options, async (context) => (await import('./commands/run.ts')).run(options, context)),
  );

  const pause = program
    .command('pause <task>')
    .description('have a task wait for a person; deploys leave it alone')
    .option('--reason <text>', 'why, for the record');
  partyOptions(pause).action((name: string, options: PartyOptions & ReasonOptions) =>
    withParty(options, async (context) =>
      (await import('./commands/pause.ts')).pause(name, options, context),
    ),
  );

  const resume = program
    .command('resume <task>')
    .description('let a paused task go on where it stopped, with the params that it had')
    .option('--reason <text>', 'why, for the record')
    .option('--detach', 'print the id of the run and do not wait');
  partyOptions(resume).action((name: string, options: PartyOptions & ResumeOptions) =>
    withParty(options, async (context) =>
      (await import('./commands/resume.ts')).resume(name, options, context),
    ),
  );

  const cancel = program
    .command('cancel <run-or-task>')
    .description('end a run or a task; deploys leave a cancelled task alone')
    .option('--reason <text>', 'why, for the record');
  partyOptions(cancel).action((runOrTask: string, options: PartyOptions & ReasonOptions) =>
    withParty(options, async (context) =>
      (await import('./commands/cancel.ts')).cancel(runOrTask, options, context),
    ),
  );

  const rate = program
    .command('rate <task>')
    .description('set how many items per second a task may process, also while it runs')
    .argument('<items-per-second>', 'more than 0', positiveNumber);
  partyOptions(rate).action((name: string, itemsPerSecond: number, options: PartyOptions) =>
    withParty(options, async (context) =>
      (await import('./commands/rate.ts')).rate(name, itemsPerSecond, context),
    ),
  );

  const correction = (name: Correction, description: string): Command =>
    program
      .command(`${name} <tasks...>`)
      .description(description)
      .requiredOption('--reason <text>', 'why, for the record')
      .action((names: string[], options: PartyOptions & CorrectOptions) =>
        withParty(options, async (context) =>
          (await import('./commands/correct.ts')).correct(name, names, options, context),
        ),
      );
  partyOptions(correction('skip', 'record tasks as not wanted: deploys leave them out'));
  partyOptions(keyOption(correction('mark-done', 'record tasks as done by other means')));
  const reset = correction('reset', 'make tasks pending again').option('--yes', 'reset without being asked');
  partyOptions(keyOption(reset));
}

/** Chooses among the children of a split task. */
function keyOption(command: Command): Command {
  const description =
    'only this key of a split task, or the shard with this number as show lists it; may be repeated';
  return command.addOption(new Option('--key <key>', description).argParser(collect));
}

function partyOptions(command: Command): Command {
  return outputOptions(
    command
      .optionsGroup('Which party:')
      .option('--stack <name>', 'the stack with the tasks')
      .option('--party <name>', 'which one, where the stack has several')
      .option('--profile <name>', 'a profile of ~/.aws/config')
      .option('--region <name>', 'the AWS region')
      .addOption(
        new Option('--local', 'the tasks on this machine, without AWS').conflicts(['profile', 'region']),
      )
      .option('--with-aws', 'let local tasks reach AWS'),
  );
}

function outputOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'print one JSON document')
    .option('--no-color', 'print without colours, as with the variable NO_COLOR');
}

function wholeNumber(text: string): number {
  const number = positiveNumber(text);
  if (!Number.isSafeInteger(number)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
}

function positiveNumber(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (!(number > 0) || !Number.isFinite(number))
    throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
