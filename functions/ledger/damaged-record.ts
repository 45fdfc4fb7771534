import * as v from 'valibot';
import { PartyError } from '../errors.ts';

type Item = Readonly<Record<string, unknown>>;

/** People edit items in the console: says which attribute does not fit, and how to go on. */
export function damagedRecord(item: Item, issue: v.BaseIssue<unknown>): PartyError {
  const attribute = v.getDotPath(issue) ?? 'state';
  return new PartyError(
    'damaged-record',
    `the ledger item pk "${item.pk}", sk "${item.sk}" is damaged: attribute ${attribute}: ${issue.message}`,
    `mend the attribute in the DynamoDB console${resetting(item, attribute)}`,
  );
}

/** A reset writes anew what says how a task or a child stands, but not which child it is. */
function resetting({ pk, sk }: Item, attribute: string): string {
  const [, task] = /^task#(.*)$/.exec(String(sk)) ?? [];
  if (task !== undefined)
    return `, or make the task pending again: npx after-party reset ${task} --reason "..."`;
  const isChild = /^\d{7}$/.test(String(sk)) && !['key', 'shard', 'plan'].includes(attribute);
  const version = String(pk).split('#').at(-1);
  return isChild
    ? `, or make it pending again: npx after-party reset ${version} --key KEY --reason "..."`
    : '';
}
