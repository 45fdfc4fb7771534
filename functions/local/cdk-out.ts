import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf, PartyError } from '../errors.ts';

const record = v.record(v.string(), v.unknown());

const manifestSchema = v.object({
  artifacts: v.optional(
    v.record(
      v.string(),
      v.object({
        type: v.string(),
        properties: v.optional(record, {}),
        environment: v.optional(v.string(), ''),
      }),
    ),
    {},
  ),
});

const templateSchema = v.object({
  Resources: v.optional(
    v.record(
      v.string(),
      v.object({
        Type: v.string(),
        Properties: v.optional(record, {}),
        Metadata: v.optional(record, {}),
      }),
    ),
    {},
  ),
  Parameters: v.optional(
    v.record(v.string(), v.object({ Type: v.string(), Default: v.optional(v.unknown()) })),
    {},
  ),
  Outputs: v.optional(
    v.record(
      v.string(),
      v.object({ Value: v.unknown(), Export: v.optional(v.object({ Name: v.unknown() })) }),
    ),
    {},
  ),
});
type Template = v.InferOutput<typeof templateSchema>;
export type TemplateResource = Template['Resources'][string];

/** A stack of a synthesized app, or one nested in another. */
export interface SynthesizedStack {
  readonly name: string;
  /** Undefined where the app leaves it to whoever deploys. */
  readonly account: string | undefined;
  /** Undefined where the app leaves it to whoever deploys. */
  readonly region: string | undefined;
  readonly template: Template;
  /** The stack that it is nested in, and its logical id there. */
  readonly parent?: { readonly stack: SynthesizedStack; readonly logicalId: string };
  readonly nested: ReadonlyMap<string, SynthesizedStack>;
}

/**
 * The stacks of `cdk.out`, those of stages and nested ones too; none where there is no `cdk.out`.
 * @throws PartyError `bad-cdk-out` for a file that is not what `cdk synth` writes
 */
export async function readCdkOut(directory: string): Promise<readonly SynthesizedStack[]> {
  const manifest = await readJson(join(directory, 'manifest.json'), manifestSchema);
  const stacks: SynthesizedStack[] = [];
  for (const [id, { type, properties, environment }] of Object.entries(manifest?.artifacts ?? {})) {
    if (type === 'cdk:cloud-assembly') {
      stacks.push(...(await readCdkOut(join(directory, String(properties.directoryName)))));
    } else if (type === 'aws:cloudformation:stack') {
      const name = String(properties.stackName ?? id);
      const head = { name, ...targetOf(environment) };
      stacks.push(...(await readStack(directory, String(properties.templateFile), head)));
    }
  }
  return stacks;
}

/** Of `aws://123456789012/eu-west-1`; the CDK writes `unknown-…` for what is open. */
function targetOf(environment: string): Pick<SynthesizedStack, 'account' | 'region'> {
  const [, account, region] = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(environment) ?? [];
  const known = (part: string | undefined) => (part?.startsWith('unknown-') === false ? part : undefined);
  return { account: known(account), region: known(region) };
}

async function readStack(
  directory: string,
  file: string,
  head: Pick<SynthesizedStack, 'name' | 'account' | 'region'>,
  parent?: SynthesizedStack['parent'],
): Promise<SynthesizedStack[]> {
  const template = await readJson(join(directory, file), templateSchema);
  if (template === undefined) return [];
  const nested = new Map<string, SynthesizedStack>();
  const stack: SynthesizedStack = { ...head, template, nested, ...(parent && { parent }) };
  const inside: SynthesizedStack[] = [];
  for (const [logicalId, { Type, Metadata }] of Object.entries(template.Resources)) {
    const asset = Metadata['aws:asset:path'];
    if (Type !== 'AWS::CloudFormation::Stack' || typeof asset !== 'string') continue;
    const childHead = { ...head, name: `${head.name}-${logicalId}` };
    const [child, ...deeper] = await readStack(directory, asset, childHead, { stack, logicalId });
    if (child === undefined) continue;
    nested.set(logicalId, child);
    inside.push(child, ...deeper);
  }
  return [stack, ...inside];
}

async function readJson<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  try {
    return v.parse(schema, JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new PartyError(
      'bad-cdk-out',
      `${file} cannot be read: ${messageOf(error)}`,
      'synthesize anew: npx cdk synth',
      {
        cause: error,
      },
    );
  }
}
