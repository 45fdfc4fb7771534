import { inspect } from 'node:util';
import { cut } from '../recorded-error.ts';
import type { Redactor } from '../redaction.ts';
import type { Unit } from './completed-items.ts';

const LARGEST_ITEM = 200;

/** `1,000 items`. */
export function itemCount(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'item' : 'items'}`;
}

/** `item 8,113 of about 12,000`, or `items 8,101 to 8,200 of about 12,000`. */
export function positionOf({ number, items }: Unit, total: number | undefined): string {
  const last = number + items.length - 1;
  const which =
    items.length === 1
      ? `item ${number.toLocaleString('en')}`
      : `items ${number.toLocaleString('en')} to ${last.toLocaleString('en')}`;
  return total === undefined ? which : `${which} of about ${Math.max(total, last).toLocaleString('en')}`;
}

/** What people recognise an item by, without secrets. */
export function shownItem({ items }: Unit, redactor: Redactor): string {
  const shown = items.length === 1 ? items[0] : items;
  return cut(redactor.redact(asText(shown)), LARGEST_ITEM);
}

function asText(value: unknown): string {
  const oneLine = (): string => inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  try {
    return JSON.stringify(value) ?? oneLine();
  } catch (error) {
    // A bigint, or an object that holds itself.
    if (error instanceof TypeError) return oneLine();
    throw error;
  }
}
