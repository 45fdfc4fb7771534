import { Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { misuse } from './misuse.ts';

/**
 * Lambda sets these itself and refuses a function that brings them.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
const RESERVED = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
]);
const RESERVED_PREFIXES = ['AFTER_PARTY_', 'AWS_LAMBDA_'];

/** @throws Error for a name that Lambda or the party needs, or that is no variable's name */
export function checkVariableName(scope: Construct, name: string): void {
  if (RESERVED.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    throw misuse(
      scope,
      `environment has the variable ${JSON.stringify(name)}, which is reserved: expected another name`,
    );
  }
  if (!/^[A-Za-z]\w+$/.test(name)) {
    throw misuse(
      scope,
      `environment has the variable ${JSON.stringify(name)}: expected a letter, then letters, digits and underscores`,
    );
  }
}

/** Node's option for stack traces that show the sources. */
export const SOURCE_MAPS = '--enable-source-maps';

/** The variables with which the tasks are loaded at synth, where what is only known at deploy is a placeholder. */
export function synthTimeVariables(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      Token.isUnresolved(value) ? 'known-at-deploy' : value,
    ]),
  );
}
