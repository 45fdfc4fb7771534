import { VARIABLES } from '../environment.ts';
import { PartyError } from '../errors.ts';
import type { SynthesizedStack } from './cdk-out.ts';
import type { TemplateValues } from './template-values.ts';

/** A party of the synthesized app. */
export interface AppParty {
  readonly stack: string;
  /** The construct's path below its stack. */
  readonly party: string;
  /** The variables of its tasks that can be had on this machine. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Which of the app's parties is meant. */
export interface PartyChoice {
  readonly stack?: string | undefined;
  readonly party?: string | undefined;
}

/** The parties of an app: each a controller, and a runner with the same ledger. */
export function findParties(
  stacks: readonly SynthesizedStack[],
  values: TemplateValues,
): readonly AppParty[] {
  return stacks.flatMap((stack) => {
    const functions = Object.values(stack.template.Resources)
      .filter(({ Type }) => Type === 'AWS::Lambda::Function')
      .map(
        ({ Properties }) =>
          (Properties.Environment as { Variables?: Record<string, unknown> } | undefined)?.Variables ?? {},
      )
      .filter((variables) => VARIABLES.ledgerId in variables);
    return functions
      .filter((variables) => VARIABLES.stateMachineArn in variables)
      .map((controller) => {
        const ledgerId = values.resolve(controller[VARIABLES.ledgerId], stack);
        const runner = functions.find(
          (variables) =>
            !(VARIABLES.stateMachineArn in variables) &&
            values.resolve(variables[VARIABLES.ledgerId], stack) === ledgerId,
        );
        return {
          stack: stack.name,
          party: values.resolve(controller[VARIABLES.party], stack) ?? '',
          environment: taskVariables(runner ?? {}, stack, values),
        };
      });
  });
}

/**
 * The only party that fits; undefined in an app that has none yet.
 * @throws PartyError `which-party` where several fit, `unknown-party` where none does
 */
export function chooseParty(parties: readonly AppParty[], choice: PartyChoice): AppParty | undefined {
  const fitting = parties.filter(
    ({ stack, party }) =>
      (choice.stack === undefined || choice.stack === stack) &&
      (choice.party === undefined || choice.party === party),
  );
  if (fitting.length === 1 || parties.length === 0) return fitting[0];
  const list = parties.map(({ stack, party }) => `--stack ${stack} --party ${party}`).join('\n');
  throw fitting.length === 0
    ? new PartyError(
        'unknown-party',
        `cdk.out has no party ${[choice.stack, choice.party].filter(Boolean).join('/')}`,
        `choose one:\n${list}`,
      )
    : new PartyError('which-party', `cdk.out has ${fitting.length} parties`, `choose one:\n${list}`);
}

function taskVariables(
  variables: Record<string, unknown>,
  stack: SynthesizedStack,
  values: TemplateValues,
): Record<string, string> {
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    const resolved = name.startsWith('AFTER_PARTY_') ? undefined : values.resolve(value, stack);
    if (resolved !== undefined) known[name] = resolved;
  }
  return known;
}
