import type { CdkApp } from './cdk-app.ts';
import type { DeployedStack } from './deployed-stack.ts';

export interface Deploy {
  readonly exitCode: number | null;
  readonly output: string;
  /** The output on one line, since the CDK CLI wraps what CloudFormation says at 120 columns. */
  readonly words: string;
  /** The tasks that ran, in their order. */
  readonly ran: readonly string[];
}

/** Deploys the app, and says what came of it. */
export async function deploy(app: CdkApp, stack: DeployedStack): Promise<Deploy> {
  const before = await stack.journal();
  const { exitCode, output } = await app.deploy();
  const ran = (await stack.journal()).slice(before.length);
  return { exitCode, output, words: output.replace(/\s+/g, ' '), ran };
}
