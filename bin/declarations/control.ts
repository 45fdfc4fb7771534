import type { ReasonOptions } from '../commands/pause.ts';
import type { ResumeOptions } from '../commands/resume.ts';
import type { PartyOptions } from '../party/connect.ts';
import type { Declaring } from './declaring.ts';
import { partyOptions, positiveNumber } from './options.ts';

/** Commands that control long work. */
export function declareControl({ program, withParty }: Declaring): void {
  const pause = program
    .command('pause <task>')
    .description('have a task wait for a person; deploys leave it alone')
    .option('--reason <text>', 'why, for the record');
  partyOptions(pause).action((name: string, options: PartyOptions & ReasonOptions) =>
    withParty(options, async (context) =>
      (await import('../commands/pause.ts')).pause(name, options, context),
    ),
  );

  const resume = program
    .command('resume <task>')
    .description(
      'let a paused task go on where it stopped, with the params, the keys and the limit that it had',
    )
    .option('--reason <text>', 'why, for the record')
    .option('--detach', 'print the id of the run and do not wait');
  partyOptions(resume).action((name: string, options: PartyOptions & ResumeOptions) =>
    withParty(options, async (context) =>
      (await import('../commands/resume.ts')).resume(name, options, context),
    ),
  );

  const cancel = program
    .command('cancel <run-or-task>')
    .description('end a run or a task; deploys leave a cancelled task alone')
    .option('--reason <text>', 'why, for the record');
  partyOptions(cancel).action((runOrTask: string, options: PartyOptions & ReasonOptions) =>
    withParty(options, async (context) =>
      (await import('../commands/cancel.ts')).cancel(runOrTask, options, context),
    ),
  );

  const rate = program
    .command('rate <task>')
    .description('set how many items per second a task may process, also while it runs')
    .argument('<items-per-second>', 'more than 0', positiveNumber);
  partyOptions(rate).action((name: string, itemsPerSecond: number, options: PartyOptions) =>
    withParty(options, async (context) =>
      (await import('../commands/rate.ts')).rate(name, itemsPerSecond, context),
    ),
  );
}
