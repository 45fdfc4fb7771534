import { aws_logs, Duration, Stack, Stage, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { AfterPartyProps } from './after-party-props.ts';
import { misuse } from './misuse.ts';
import { idsBelow, withParents } from './stack-path.ts';

/** The props that are plain values, checked and completed. */
export interface Settings {
  readonly tasks: string;
  readonly environmentName: string;
  /** The construct's path below its stack. */
  readonly party: string;
  readonly ledgerId: string;
  readonly deployId: string;
  readonly deployTimeout: Duration;
  readonly timeout: Duration;
  readonly onFailure: 'fail-deploy' | 'continue';
  readonly newEnvironment: 'run' | 'baseline';
  readonly logRetention: aws_logs.RetentionDays;
}

/** @throws Error that says which prop is wrong */
export function settingsOf(scope: Construct, props: AfterPartyProps): Settings {
  const stack = Stack.of(scope);
  const root = withParents(stack).at(-1) ?? stack;
  const {
    tasks = 'tasks',
    // An App is a stage without a name.
    environmentName = Stage.of(scope)?.stageName || root.stackName,
    ledgerId = `${root.stackName}/${idsBelow(root, scope).join('/')}`.replace(FORBIDDEN, '-'),
    deployId = stampOf(process.env),
    deployTimeout = Duration.minutes(30),
    timeout = Duration.minutes(15),
    onFailure = 'fail-deploy',
    newEnvironment = 'run',
    logRetention = aws_logs.RetentionDays.ONE_YEAR,
  } = props;
  if (Token.isUnresolved(tasks) || tasks === '') {
    throw misuse(scope, `tasks is ${shown(tasks)}: expected the path of a folder, known at synth`);
  }
  for (const [name, value] of Object.entries({ environmentName, deployId, ledgerId })) {
    if (value.trim() === '') throw misuse(scope, `${name} is ${shown(value)}: expected a text`);
  }
  if (!Token.isUnresolved(ledgerId) && ledgerId.search(FORBIDDEN) >= 0) {
    throw misuse(scope, `ledgerId is ${shown(ledgerId)}: expected a text without #, *, ? and $`);
  }
  within(scope, 'deployTimeout', deployTimeout, Duration.seconds(10), Duration.minutes(55));
  within(scope, 'timeout', timeout, Duration.seconds(10), Duration.minutes(15));
  oneOf(scope, 'onFailure', onFailure, ['fail-deploy', 'continue']);
  oneOf(scope, 'newEnvironment', newEnvironment, ['run', 'baseline']);
  return {
    tasks,
    environmentName,
    party: idsBelow(stack, scope).join('/'),
    ledgerId,
    deployId,
    deployTimeout,
    timeout,
    onFailure,
    newEnvironment,
    logRetention,
  };
}

/** What is a pattern, a variable or a separator where the ledger's keys are written in IAM conditions. */
const FORBIDDEN = /[#*?$]/g;

/**
 * Differs with each synth, so that CloudFormation calls the tasks each time; stays the same in a unit test, whose
 * snapshots would never hold. The `cdk` CLI hands on the variables of a test that started it, and sets its own.
 */
function stampOf(env: NodeJS.ProcessEnv): string {
  const inTest = env.JEST_WORKER_ID ?? env.VITEST ?? env.NODE_TEST_CONTEXT;
  return inTest !== undefined && env.CDK_OUTDIR === undefined ? 'unit-test' : new Date().toISOString();
}

function within(scope: Construct, name: string, value: Duration, least: Duration, most: Duration): void {
  if (value.isUnresolved()) throw misuse(scope, `${name} is a token: expected a duration known at synth`);
  const seconds = value.toSeconds({ integral: false });
  if (Number.isInteger(seconds) && seconds >= least.toSeconds() && seconds <= most.toSeconds()) return;
  throw misuse(
    scope,
    `${name} is ${shown(value.toHumanString())}: expected whole seconds, from ${least.toHumanString()} to ${most.toHumanString()}`,
  );
}

function oneOf(scope: Construct, name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw misuse(scope, `${name} is ${shown(value)}: expected ${choices.map(shown).join(' or ')}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}
