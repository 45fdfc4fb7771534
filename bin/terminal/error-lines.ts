import type { RecordedError } from '../../functions/ledger/records.ts';
import { stackOfTask } from '../../functions/stack-frames.ts';

/** What a task threw, where in its code, and at which item. */
export function errorLines({ name, message, stack, item }: Omit<RecordedError, 'at' | 'position'>): string[] {
  const thrown = stack === undefined ? [`${name}: ${message}`] : stackOfTask(stack);
  return [...thrown, ...(item === undefined ? [] : [`last item: ${item}`])];
}
