import { VARIABLES } from '../environment.ts';
import { PartyError } from '../errors.ts';
import { flagsOf } from '../flags.ts';
import { nearestWord } from '../task/nearest-word.ts';
import { readCdkOut, type SynthesizedStack } from './cdk-out.ts';
import { TemplateValues } from './template-values.ts';

/** A party of the synthesized app. */
export interface AppParty {
  /** The stack that is deployed by this name: where the party is in a nested one, the outermost. */
  readonly stack: string;
  /** The construct's path below its stack. */
  readonly party: string;
  /** Undefined where it is known only once the stack is deployed. */
  readonly environmentName: string | undefined;
  /** Undefined where the app leaves it to whoever deploys. */
  readonly account: string | undefined;
  /** Undefined where the app leaves it to whoever deploys. */
  readonly region: string | undefined;
  /** The variables of its tasks that can be had on this machine. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Which of the app's parties is meant. */
export interface PartyChoice {
  readonly stack?: string | undefined;
  /** The name of its environment. */
  readonly env?: string | undefined;
  readonly party?: string | undefined;
}

/**
 * The parties of the app that was synthesized into this folder.
 * @throws PartyError `bad-cdk-out`
 */
export async function readParties(cdkOut: string): Promise<readonly AppParty[]> {
  const stacks = await readCdkOut(cdkOut);
  return findParties(stacks, new TemplateValues(stacks));
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
          stack: outermost(stack).name,
          party: values.resolve(controller[VARIABLES.party], stack) ?? '',
          environmentName: literal(controller[VARIABLES.environmentName]),
          account: stack.account,
          region: stack.region,
          environment: taskVariables(runner ?? {}, stack, values),
        };
      });
  });
}

/**
 * The only party that fits; undefined in an app that has none yet.
 * @throws PartyError `which-party` where several fit, `unknown-environment` or `unknown-party` where none does
 */
export function chooseParty(parties: readonly AppParty[], choice: PartyChoice): AppParty | undefined {
  const fitting = parties.filter(
    ({ stack, party, environmentName }) =>
      (choice.stack === undefined || choice.stack === stack) &&
      (choice.env === undefined || choice.env === environmentName) &&
      (choice.party === undefined || choice.party === party),
  );
  if (fitting.length === 1 || parties.length === 0) return fitting[0];
  if (fitting.length > 1) {
    const message = `cdk.out has ${fitting.length} parties${choice.env === undefined ? '' : ` in the environment "${choice.env}"`}`;
    throw new PartyError('which-party', message, chooseOne(fitting, parties));
  }
  if (choice.env !== undefined && parties.every(({ environmentName }) => environmentName !== choice.env)) {
    throw unknownEnvironment(choice.env, parties);
  }
  const asked = [choice.stack ?? choice.env, choice.party].filter((word) => word !== undefined).join('/');
  throw new PartyError('unknown-party', `cdk.out has no party ${asked}`, chooseOne(parties, parties));
}

/** What to type for one of these. */
function chooseOne(parties: readonly AppParty[], all: readonly AppParty[]): string {
  return `choose one:\n${parties.map((party) => flagsFor(party, all).trim()).join('\n')}`;
}

/** The shortest flags that mean this party and no other. */
function flagsFor(wanted: AppParty, all: readonly AppParty[]): string {
  const { stack, party, environmentName } = wanted;
  const sharing = (field: 'stack' | 'environmentName') =>
    all.filter((other) => other[field] === wanted[field]).length;
  if (environmentName !== undefined && sharing('environmentName') === 1)
    return flagsOf({ env: environmentName });
  return flagsOf({ stack, party: sharing('stack') === 1 ? undefined : party });
}

function unknownEnvironment(name: string, parties: readonly AppParty[]): PartyError {
  const known = [...new Set(parties.flatMap(({ environmentName }) => environmentName ?? []))].sort();
  const unknown = parties.filter(({ environmentName }) => environmentName === undefined);
  const meant = nearestWord(name, known);
  const says = [
    ...(known.length === 0 ? [] : [`it has ${known.join(', ')}`]),
    ...(meant === undefined ? [] : [`did you mean --env ${meant}?`]),
    ...unknown.map(
      ({ stack }) =>
        `the environment of ${stack} is known only once it is deployed: name it with${flagsOf({ stack })}`,
    ),
  ];
  return new PartyError('unknown-environment', `cdk.out has no environment "${name}"`, says.join('\n'));
}

function outermost(stack: SynthesizedStack): SynthesizedStack {
  return stack.parent === undefined ? stack : outermost(stack.parent.stack);
}

/** What is put together by CloudFormation may come to something else than on this machine. */
function literal(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
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
