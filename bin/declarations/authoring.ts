import { Option } from 'commander';
import type { GenerateTaskOptions } from '../commands/generate-task.ts';
import type { InitOptions } from '../commands/init.ts';
import type { Declaring } from './declaring.ts';
import { outputOptions } from './options.ts';

/** Commands for those who write tasks. */
export function declareAuthoring({ program, surroundings, ended }: Declaring): void {
  const init = program
    .command('init')
    .description('prepare a CDK app for tasks')
    .option(
      '--standalone',
      'make a CDK app for the tasks alone, where the rest is deployed with something else',
    );
  outputOptions(init).action(async (options: InitOptions) => {
    const command = await import('../commands/init.ts');
    ended(await command.init(options, surroundings));
  });

  const task = program.command('generate').description('write new files').command('task <name>');
  task
    .description('write a new task module into tasks/, and its test')
    .option(
      '--template <name>',
      'run (the default), dynamo, csv, sql, http, slack, email or fan-out, or your own tasks/.templates/NAME.ts',
    )
    .option('--description <text>', 'one line for people')
    .addOption(new Option('--manual', 'run it by hand only').conflicts('everyDeploy'))
    .option('--every-deploy', 'run it on every deploy')
    .addOption(new Option('--background', 'start it after the deploy has committed').conflicts('manual'));
  task.addHelpText('after', TEMPLATES_HELP);
  outputOptions(task).action(async (name: string, options: GenerateTaskOptions) => {
    const { generateTask } = await import('../commands/generate-task.ts');
    ended(await generateTask(name, options, surroundings));
  });
}

const TEMPLATES_HELP = `
tasks/.templates/NAME.ts is a template of your own, with NAME.test.ts beside it for the test; it comes before one of the
package. {{name}}, {{version}} and {{description}} stand for those of the task, and the line // {{options}} inside
defineTask for what the flags say. The test is for jest, vitest or node:test, whichever the app has set up.`;
