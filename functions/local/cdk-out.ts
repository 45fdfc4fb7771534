import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf, PartyError } from '../errors.ts';

const record = v.record(v.string(), v.unknown());

const manifestSchema = v.object({
  artifacts: v.optional(
    v.record(v.string(), v.object({ type: v.string(), properties: v.optional(record, {}) })),
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
  for (const [id, { type, properties }] of Object.entries(manifest?.artifacts ?? {})) {
    if (type === 'cdk:cloud-assembly') {
      stacks.push(...(await readCdkOut(join(directory, String(properties.directoryName)))));
    } else if (type === 'aws:cloudformation:stack') {
      const name = String(properties.stackName ?? id);
      stacks.push(...(await readStack(directory, String(properties.templateFile), name)));
    }
  }
  return stacks;
}

async function readStack(
  directory: string,
  file: string,
  name: string,
  parent?: SynthesizedStack['parent'],
): Promise<SynthesizedStack[]> {
  const template = await readJson(join(directory, file), templateSchema);
  if (template === undefined) return [];
  const nested = new Map<string, SynthesizedStack>();
  const stack: SynthesizedStack = { name, template, nested, ...(parent && { parent }) };
  const inside: SynthesizedStack[] = [];
  for (const [logicalId, { Type, Metadata }] of Object.entries(template.Resources)) {
    const asset = Metadata['aws:asset:path'];
    if (Type !== 'AWS::CloudFormation::Stack' || typeof asset !== 'string') continue;
    const [child, ...deeper] = await readStack(directory, asset, `${name}-${logicalId}`, {
      stack,
      logicalId,
    });
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
