import { Option } from 'commander';
import type { InvokeOptions } from '../commands/invoke.ts';
import type { RunOptions } from '../commands/run.ts';
import type { PartyOptions } from '../party/connect.ts';
import type { Declaring } from './declaring.ts';
import { collect, keyOption, partyOptions, wholeNumber } from './options.ts';

/** Commands that run tasks. */
export function declareRunning({ program, withParty }: Declaring): void {
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
      (await import('../commands/invoke.ts')).invoke(names, options, context),
    ),
  );

  const run = program
    .command('run')
    .description('run what is pending, as the next deploy would')
    .option('--all', 'the manual tasks too')
    .addOption(new Option('--tag <tag>', 'only tasks with this tag; may be repeated').argParser(collect))
    .option('--detach', 'print the id of the run and do not wait');
  partyOptions(run).action((options: PartyOptions & RunOptions) =>
    withParty(options, async (context) => (await import('../commands/run.ts')).run(options, context)),
  );
}
