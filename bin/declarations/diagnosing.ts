import type { PartyOptions } from '../party/connect.ts';
import type { Declaring } from './declaring.ts';
import { partyOptions } from './options.ts';

/** The command for whoever does not know what is wrong. */
export function declareDiagnosing({ program, surroundings, ended }: Declaring): void {
  const doctor = program
    .command('doctor')
    .description('check credentials, stack, versions, permissions and the runner, and say what to do')
    .addHelpText('after', '\nExit codes: 0 all is well, 2 something is wrong.');
  partyOptions(doctor).action(async (options: PartyOptions) =>
    ended(await (await import('../commands/doctor.ts')).doctor(options, surroundings)),
  );
}
