import { Option } from 'commander';
import type { DevOptions } from '../commands/dev.ts';
import type { Declaring } from './declaring.ts';
import { keyOption } from './options.ts';

/** The command for whoever is writing a task. */
export function declareTrying({ program, surroundings, ended }: Declaring): void {
  const dev = program
    .command('dev [task]')
    .description('run a task on this machine, again on each save; nothing of it is recorded');
  keyOption(dev)
    .option('--params <json>', 'params for the task as JSON, or @ and the file that holds it')
    .option('--dry-run', 'have the task only say what it would do')
    .option('--with-aws', 'let the task reach AWS')
    .option('--reset', 'empty the tables and the ledger of this machine first')
    .optionsGroup('Whose variables:')
    .addOption(new Option('--stack <name>', 'the stack with the tasks').conflicts('env'))
    .option('--env <name>', 'the environment, as cdk.out has it')
    .option('--party <name>', 'which one, where the stack has several')
    .optionsGroup('Output:')
    .option('--no-color', 'print without colours, as with the variable NO_COLOR')
    .addHelpText(
      'after',
      '\nWithout a name it is the task whose file was changed last. It runs as in an environment where it never ran,\non the tables that --local uses.',
    )
    .action(async (task: string | undefined, options: DevOptions) =>
      ended(await (await import('../commands/dev.ts')).dev(task, options, surroundings)),
    );
}
