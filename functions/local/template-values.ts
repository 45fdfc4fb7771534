import type { SynthesizedStack } from './cdk-out.ts';
import { LOCAL_REGION } from './runner-environment.ts';

const ACCOUNT = '000000000000';

const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::Region': LOCAL_REGION,
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * What a template's values come to on this machine, as far as they are made of literals and of DynamoDB
 * tables; undefined where anything else has a part in them.
 */
export class TemplateValues {
  readonly #exports = new Map<string, { value: unknown; stack: SynthesizedStack }>();

  constructor(stacks: readonly SynthesizedStack[]) {
    for (const stack of stacks) {
      for (const output of Object.values(stack.template.Outputs)) {
        const name = this.resolve(output.Export?.Name, stack);
        if (name !== undefined) this.#exports.set(name, { value: output.Value, stack });
      }
    }
  }

  resolve(value: unknown, stack: SynthesizedStack): string | undefined {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value !== 'object' || value === null) return undefined;
    const [[name, argument] = []] = Object.entries(value);
    if (name === 'Ref') return this.#ref(String(argument), stack);
    if (name === 'Fn::GetAtt') return this.#attribute(argument, stack);
    if (name === 'Fn::Join') return this.#join(argument, stack);
    if (name === 'Fn::ImportValue') return this.#imported(argument, stack);
    return undefined;
  }

  /** The name of a table in the embedded database. */
  tableName(logicalId: string, stack: SynthesizedStack): string {
    const given = stack.template.Resources[logicalId]?.Properties.TableName;
    return this.resolve(given, stack) ?? `${stack.name}-${logicalId}`;
  }

  #ref(name: string, stack: SynthesizedStack): string | undefined {
    if (name === 'AWS::StackName') return stack.name;
    if (isTable(name, stack)) return this.tableName(name, stack);
    const parameter = stack.template.Parameters[name];
    if (parameter === undefined) return PSEUDO_PARAMETERS[name];
    if (stack.parent === undefined) {
      return parameter.Type === 'String' ? this.resolve(parameter.Default, stack) : undefined;
    }
    const { stack: outer, logicalId } = stack.parent;
    const given = outer.template.Resources[logicalId]?.Properties.Parameters as
      | Record<string, unknown>
      | undefined;
    return this.resolve(given?.[name], outer);
  }

  #attribute(argument: unknown, stack: SynthesizedStack): string | undefined {
    if (!Array.isArray(argument)) return undefined;
    const [logicalId, attribute] = argument.map(String);
    if (logicalId === undefined || attribute === undefined) return undefined;
    if (isTable(logicalId, stack) && attribute === 'Arn') {
      return `arn:aws:dynamodb:${LOCAL_REGION}:${ACCOUNT}:table/${this.tableName(logicalId, stack)}`;
    }
    const nested = stack.nested.get(logicalId);
    const output = nested?.template.Outputs[attribute.replace(/^Outputs\./, '')];
    return nested && this.resolve(output?.Value, nested);
  }

  #join(argument: unknown, stack: SynthesizedStack): string | undefined {
    if (!Array.isArray(argument) || !Array.isArray(argument[1])) return undefined;
    const parts = argument[1].map((part) => this.resolve(part, stack));
    return parts.includes(undefined) ? undefined : parts.join(String(argument[0]));
  }

  #imported(argument: unknown, stack: SynthesizedStack): string | undefined {
    const exported = this.#exports.get(this.resolve(argument, stack) ?? '');
    return exported && this.resolve(exported.value, exported.stack);
  }
}

export function isTable(logicalId: string, stack: SynthesizedStack): boolean {
  const type = stack.template.Resources[logicalId]?.Type;
  return type === 'AWS::DynamoDB::Table' || type === 'AWS::DynamoDB::GlobalTable';
}
