import * as v from 'valibot';
import { VARIABLES } from '../environment.ts';
import { PartyError } from '../errors.ts';
import type { PartyConfig } from './ports.ts';

const text = v.pipe(v.string(), v.minLength(1));
const wholeNumber = v.pipe(v.string(), v.regex(/^\d+$/, 'is no whole number'), v.transform(Number));

const variablesSchema = v.object({
  [VARIABLES.table]: text,
  [VARIABLES.ledgerId]: text,
  [VARIABLES.stateMachineArn]: text,
  [VARIABLES.runnerLogGroup]: text,
  [VARIABLES.environmentName]: text,
  [VARIABLES.party]: text,
  [VARIABLES.sharesStack]: v.optional(v.literal('true')),
  [VARIABLES.stackId]: text,
  [VARIABLES.deployTimeout]: wholeNumber,
  [VARIABLES.runnerTimeout]: wholeNumber,
  [VARIABLES.onFailure]: v.picklist(['fail-deploy', 'continue']),
  [VARIABLES.newEnvironment]: v.picklist(['run', 'baseline']),
  [VARIABLES.ownsLedger]: v.picklist(['true', 'false']),
  [VARIABLES.retentionDays]: wholeNumber,
  AWS_ENDPOINT_URL: v.optional(v.string()),
});

/** The construct's settings, and the names of what the function calls. */
export interface ControllerEnvironment {
  readonly config: PartyConfig;
  readonly table: string;
  readonly ledgerId: string;
  readonly stateMachineArn: string;
  readonly runnerLogGroup: string;
}

/** @throws PartyError `bad-environment` naming the variable */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): ControllerEnvironment {
  const parsed = v.safeParse(variablesSchema, env);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new PartyError(
      'bad-environment',
      `the controller's variable ${v.getDotPath(issue) ?? '?'} is not what the construct sets: ${issue.message}`,
      'deploy again; the construct owns these variables',
    );
  }
  const values = parsed.output;
  return {
    config: {
      environmentName: values[VARIABLES.environmentName],
      party: values[VARIABLES.party],
      stackId: values[VARIABLES.stackId],
      ...(values[VARIABLES.sharesStack] !== undefined && { sharesStack: true }),
      deployTimeoutSeconds: values[VARIABLES.deployTimeout],
      runnerTimeoutSeconds: values[VARIABLES.runnerTimeout],
      onFailure: values[VARIABLES.onFailure],
      newEnvironment: values[VARIABLES.newEnvironment],
      ownsLedger: values[VARIABLES.ownsLedger] === 'true',
      retentionDays: values[VARIABLES.retentionDays],
      endpointUrl: values.AWS_ENDPOINT_URL,
    },
    table: values[VARIABLES.table],
    ledgerId: values[VARIABLES.ledgerId],
    stateMachineArn: values[VARIABLES.stateMachineArn],
    runnerLogGroup: values[VARIABLES.runnerLogGroup],
  };
}
