import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { PartyError } from '../errors.ts';
import { shown } from './cursor.ts';

/** One key attribute as DynamoDB's own JSON writes it: numbers as text, and bytes in base64, lose nothing. */
const keyAttributeSchema = v.union([
  v.strictObject({ S: v.string() }),
  v.strictObject({ N: v.string() }),
  v.strictObject({ B: v.pipe(v.string(), v.base64()) }),
]);

export const keySchema = v.pipe(
  v.record(v.string(), keyAttributeSchema),
  v.minEntries(1, 'no key attributes'),
);
export type KeyJson = v.InferOutput<typeof keySchema>;

type Attributes = Record<string, AttributeValue>;

/** The key of an item, or of its place in an index. */
export function keyOf(item: Attributes, names: readonly string[]): KeyJson {
  const key: KeyJson = {};
  for (const name of names) key[name] = toJson(item, name);
  return key;
}

export function fromJson(key: KeyJson): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(key)) {
    attributes[name] = 'B' in value ? { B: Buffer.from(value.B, 'base64') } : value;
  }
  return attributes;
}

function toJson(item: Attributes, name: string): KeyJson[string] {
  const value = item[name];
  if (value?.S !== undefined) return { S: value.S };
  if (value?.N !== undefined) return { N: value.N };
  if (value?.B !== undefined) return { B: Buffer.from(value.B).toString('base64') };
  throw new PartyError(
    'no-key',
    `an item came without its key attribute ${shown(name)}, so that reading could not go on after it`,
    `name ${name} in the ProjectionExpression too, or leave that out`,
  );
}
