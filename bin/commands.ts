import type { Command } from 'commander';
import type { Surroundings } from './commands/context.ts';
import { declareAuthoring } from './declarations/authoring.ts';
import { declareCompleting } from './declarations/completing.ts';
import { declareControl } from './declarations/control.ts';
import { declareCorrecting } from './declarations/correcting.ts';
import type { Declaring } from './declarations/declaring.ts';
import { declareDiagnosing } from './declarations/diagnosing.ts';
import { declareLooking } from './declarations/looking.ts';
import { declareRunning } from './declarations/running.ts';
import { refuseSlips } from './declarations/slips.ts';
import { declareTrying } from './declarations/trying.ts';
import { withPasteableHint } from './party/pasteable.ts';

/** Declares the commands, in the order in which the help lists them. */
export function declareCommands(
  program: Command,
  surroundings: Surroundings,
  ended: Declaring['ended'],
): void {
  const withParty: Declaring['withParty'] = async (options, run) => {
    const party = await surroundings.connect(options);
    try {
      ended(await run({ ...surroundings, party }));
    } catch (error) {
      throw withPasteableHint(error, party.flags);
    } finally {
      await party.close();
    }
  };
  const declaring = { program, surroundings, ended, withParty };
  declareAuthoring(declaring);
  declareTrying(declaring);
  declareLooking(declaring);
  declareRunning(declaring);
  declareControl(declaring);
  declareCorrecting(declaring);
  declareDiagnosing(declaring);
  declareCompleting(declaring);
  refuseSlips(program);
}
