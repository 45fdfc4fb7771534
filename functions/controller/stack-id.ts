/** What a stack's ARN says. */
export interface StackIdentity {
  readonly region: string;
  readonly account: string;
  readonly stackName: string;
}

/** @throws TypeError for what is no stack ARN */
export function stackOf(stackId: string): StackIdentity {
  const match = /^arn:[^:]+:cloudformation:([^:]*):([^:]*):stack\/([^/]+)\//.exec(stackId);
  const [, region, account, stackName] = match ?? [];
  if (region === undefined || account === undefined || stackName === undefined) {
    throw new TypeError(`${JSON.stringify(stackId)} is no stack ARN`);
  }
  return { region, account, stackName };
}
