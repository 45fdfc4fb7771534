import * as v from 'valibot';
import { damagedRecord } from './damaged-record.ts';

export type Item = Record<string, unknown>;

/** @throws PartyError `damaged-record` */
export function parseItem<Schema extends v.GenericSchema>(schema: Schema, item: Item): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, item);
  if (parsed.success) return parsed.output;
  throw damagedRecord(item, parsed.issues[0]);
}
