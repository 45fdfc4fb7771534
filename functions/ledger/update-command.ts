import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { ItemKey, Update } from './table.ts';

/** One update; in `condition`, attributes are written `#name` and values `:name`. */
export interface ConditionalUpdate {
  readonly tableName: string;
  readonly key: ItemKey;
  /** Attributes to set; those whose value is undefined are removed, so that nothing stale is left. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly remove?: readonly string[];
  readonly setIfAbsent?: Readonly<Record<string, unknown>>;
  readonly increment?: string;
  /** @default - none */
  readonly condition?: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly returnPrevious?: boolean;
  readonly returnNew?: boolean;
}

export function conditionalUpdate(update: ConditionalUpdate): Update {
  const { set, setIfAbsent = {}, increment } = update;
  const present = Object.keys(set).filter((name) => set[name] !== undefined);
  const removed = [...Object.keys(set).filter((name) => set[name] === undefined), ...(update.remove ?? [])];
  const fresh = Object.keys(setIfAbsent).filter((name) => setIfAbsent[name] !== undefined);
  const values: Record<string, unknown> = { ...update.values };
  for (const name of present) values[`:${name}`] = set[name];
  for (const name of fresh) values[`:${name}`] = setIfAbsent[name];
  const sets = [
    ...present.map((name) => `#${name} = :${name}`),
    ...fresh.map((name) => `#${name} = if_not_exists(#${name}, :${name})`),
  ];
  if (increment !== undefined) {
    sets.push(`#${increment} = if_not_exists(#${increment}, :zero) + :one`);
    Object.assign(values, { ':zero': 0, ':one': 1 });
  }
  const expression = `SET ${sets.join(', ')}${removed.length === 0 ? '' : ` REMOVE ${removed.map((name) => `#${name}`).join(', ')}`}`;
  const input: UpdateCommandInput = {
    TableName: update.tableName,
    Key: update.key,
    UpdateExpression: expression,
    ExpressionAttributeNames: namesIn(`${expression} ${update.condition ?? ''}`),
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
    ...(update.condition === undefined ? {} : { ConditionExpression: update.condition }),
    ...(update.returnPrevious === true ? { ReturnValues: 'ALL_OLD' } : {}),
    ...(update.returnNew === true ? { ReturnValues: 'ALL_NEW' } : {}),
  };
  return { update: input };
}

/** Every attribute goes by a placeholder: DynamoDB reserves hundreds of words, `name` and `state` among them. */
export function namesIn(expression: string): Record<string, string> {
  const names = expression.match(/#\w+/g) ?? [];
  return Object.fromEntries(names.map((name) => [name, name.slice(1)]));
}
