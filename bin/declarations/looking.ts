import { Option } from 'commander';
import type { LogsOptions } from '../commands/logs.ts';
import type { ShowOptions } from '../commands/show.ts';
import type { PartyOptions } from '../party/connect.ts';
import type { Declaring } from './declaring.ts';
import { keyOption, partyOptions } from './options.ts';

/** Commands that only look. */
export function declareLooking({ program, withParty }: Declaring): void {
  const status = program.command('status').description('show every task, and what needs a person');
  partyOptions(status).action((options: PartyOptions) =>
    withParty(options, async (context) => (await import('../commands/status.ts')).status(context)),
  );

  const show = keyOption(program.command('show <tasks...>').description('show all that is known of tasks'));
  partyOptions(show).action((names: string[], options: PartyOptions & ShowOptions) =>
    withParty(options, async (context) =>
      (await import('../commands/show.ts')).show(names, options, context),
    ),
  );

  const watch = program
    .command('watch [run]')
    .description('show a run to its end, by default the newest that is under way; Ctrl-C leaves it alone');
  partyOptions(watch).action((runId: string | undefined, options: PartyOptions) =>
    withParty(options, async (context) => (await import('../commands/watch.ts')).watch(runId, context)),
  );

  const logs = program
    .command('logs <task>')
    .description("print a task's log lines")
    .option('--since <when>', 'a duration back from now such as 10m, or a time (default: the last attempt)')
    .addOption(new Option('--follow', 'go on printing until Ctrl-C').conflicts('json'));
  partyOptions(logs).action((name: string, options: PartyOptions & LogsOptions) =>
    withParty(options, async (context) => (await import('../commands/logs.ts')).logs(name, options, context)),
  );
}
