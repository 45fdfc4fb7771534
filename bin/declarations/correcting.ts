import { type Command, Option } from 'commander';
import type { BaselineOptions } from '../commands/baseline.ts';
import type { Correction, CorrectOptions } from '../commands/correct.ts';
import type { PartyOptions } from '../party/connect.ts';
import type { Declaring } from './declaring.ts';
import { keyOption, partyOptions } from './options.ts';

const FROM_AFTER_PARTY = `
What has an outcome keeps it, so this can be repeated; reset takes it back. From the gem after_party:
  psql -Atc 'select version from task_records' | npx after-party baseline --versions - --reason "from Heroku"
Its table has the versions of tasks that were deleted since, too. Nothing is recorded as long as a version is of no
task in the ledger, in what is deployed or in tasks/: with --allow-unknown these are kept as well, so that a file of
one of them that comes back later does not run.`;

/** Commands that correct the ledger. */
export function declareCorrecting({ program, surroundings, withParty }: Declaring): void {
  const correction = (name: Correction, description: string): Command =>
    program
      .command(`${name} <tasks...>`)
      .description(description)
      .requiredOption('--reason <text>', 'why, for the record')
      .action((names: string[], options: PartyOptions & CorrectOptions) =>
        withParty(options, async (context) =>
          (await import('../commands/correct.ts')).correct(name, names, options, context),
        ),
      );
  partyOptions(correction('skip', 'record tasks as not wanted: deploys leave them out'));
  partyOptions(keyOption(correction('mark-done', 'record tasks as done by other means')));
  const reset = correction('reset', 'make tasks pending again').option('--yes', 'reset without being asked');
  partyOptions(keyOption(reset));

  const baseline = program
    .command('baseline')
    .description('record tasks as done before after-party came, without running any')
    .option('--until <task>', 'all tasks that run once, up to and with this one')
    .addOption(
      new Option('--versions <file>', 'those with these versions, one a line; - reads stdin').conflicts(
        'until',
      ),
    )
    .addOption(
      new Option(
        '--allow-unknown',
        'also versions of no task here, such as of tasks deleted long ago',
      ).conflicts('until'),
    )
    .requiredOption('--reason <text>', 'why, for the record')
    .addHelpText('after', FROM_AFTER_PARTY);
  partyOptions(baseline).action(async (options: PartyOptions & BaselineOptions) => {
    const commands = await import('../commands/baseline.ts');
    const { streams, cwd } = surroundings;
    const choice = await commands.readChoice(options, { stdin: streams.stdin, cwd });
    await withParty(options, (context) => commands.baseline(choice, options.reason, context));
  });
}
