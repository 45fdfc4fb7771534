import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One party of an app, as its template says it. */
export interface PartyTemplate {
  readonly stack: string;
  readonly party?: string;
  /** The value of the controller's variable: a text, or what CloudFormation puts together. */
  readonly env?: unknown;
  /** `aws://123456789012/eu-west-1` */
  readonly target?: string;
}

/** Writes a `cdk.json` and what `cdk synth` writes, as far as parties are found by it. */
export async function synthesize(
  app: string,
  parties: readonly PartyTemplate[],
  output: string = 'cdk.out',
): Promise<void> {
  const cdkOut = join(app, output);
  await mkdir(cdkOut, { recursive: true });
  await writeFile(join(app, 'cdk.json'), JSON.stringify(output === 'cdk.out' ? {} : { output }));
  const artifacts: Record<string, unknown> = {};
  for (const stack of new Set(parties.map((party) => party.stack))) {
    const own = parties.filter((party) => party.stack === stack);
    const template = {
      Resources: Object.fromEntries(own.map((party, index) => [`C${index}`, controller(party)])),
    };
    await writeFile(join(cdkOut, `${stack}.template.json`), JSON.stringify(template));
    artifacts[stack] = {
      type: 'aws:cloudformation:stack',
      environment: own[0]?.target ?? 'aws://unknown-account/unknown-region',
      properties: { templateFile: `${stack}.template.json` },
    };
  }
  await writeFile(join(cdkOut, 'manifest.json'), JSON.stringify({ artifacts }));
}

function controller({ stack, party = 'Tasks', env = stack }: PartyTemplate): object {
  const Variables = {
    AFTER_PARTY_LEDGER_ID: `${stack}/${party}`,
    AFTER_PARTY_STATE_MACHINE: { Ref: 'Workflow' },
    AFTER_PARTY_PARTY: party,
    AFTER_PARTY_ENVIRONMENT: env,
  };
  return { Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables } } };
}
