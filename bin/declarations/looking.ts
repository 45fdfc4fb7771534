import { Option } from 'commander';
import type { HistoryOptions } from '../commands/history.ts';
import type { LogsOptions } from '../commands/logs.ts';
import type { ShowOptions } from '../commands/show.ts';
import type { StatusOptions } from '../commands/status.ts';
import type { PartyOptions } from '../party/connect.ts';
import type { Declaring } from './declaring.ts';
import { keyOption, partyOptions, wholeNumber } from './options.ts';

/** Commands that only look. */
export function declareLooking({ program, surroundings, ended, withParty }: Declaring): void {
  const status = program
    .command('status [filters...]')
    .description(
      'show every task, and what needs a person; or those of a state, tag, name, version or pattern',
    )
    .addOption(
      new Option('--check', 'exit with 3 where one is pending, failed or waits for a person').conflicts(
        'compare',
      ),
    )
    .addOption(
      new Option('--compare <a,b>', 'two environments, or stacks, side by side').conflicts([
        ...['stack', 'env', 'local', 'withAws', 'reset'],
      ]),
    );
  partyOptions(status).action(
    async (filters: string[], options: PartyOptions & StatusOptions & { compare?: string }) => {
      const { compare: names, ...rest } = options;
      if (names === undefined)
        return withParty(options, async (context) =>
          (await import('../commands/status.ts')).status(filters, options, context),
        );
      const { compare } = await import('../commands/compare.ts');
      ended(await compare(names, filters, rest, surroundings));
    },
  );

  const plan = program
    .command('plan')
    .description('show what the next deploy would run, from tasks/ against the ledger');
  partyOptions(plan).action((options: PartyOptions) =>
    withParty(options, async (context) => (await import('../commands/plan.ts')).plan(options, context)),
  );

  const history = program
    .command('history [tasks...]')
    .description('show attempts and corrections, newest first; of a task the last 20 are kept')
    .option('--limit <entries>', 'how many', wholeNumber, 50);
  partyOptions(history).action((names: string[], options: PartyOptions & HistoryOptions) =>
    withParty(options, async (context) =>
      (await import('../commands/history.ts')).history(names, options, context),
    ),
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
