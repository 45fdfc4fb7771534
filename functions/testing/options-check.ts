import { PartyError } from '../errors.ts';
import type { Task } from '../task/define-task.ts';
import type { RunTaskOptions } from './run-task.ts';

/** @throws PartyError `usage` */
export function checkRunTaskOptions(task: Task, options: RunTaskOptions): void {
  const { stopAfter, items, key, shard } = options;
  const of = task.split?.of;
  if (stopAfter !== undefined && !(Number.isSafeInteger(stopAfter) && stopAfter > 0))
    refuse(`stopAfter is ${JSON.stringify(stopAfter)}`, 'give a whole number above 0');
  if (items !== undefined && task.items === undefined)
    refuse('items were given for a task that has none', 'leave them out: the task has "run"');
  if (items !== undefined && !Array.isArray(items)) refuse('items is no array', 'give the items in an array');
  if (key !== undefined && of !== 'keys')
    refuse('a key was given for a task without "forEach"', 'leave it out');
  if (shard !== undefined && of !== 'shards')
    refuse('a shard was given for a task without "shards"', 'leave it out');
  if (shard !== undefined && !isShard(shard))
    refuse(`shard is ${JSON.stringify(shard)}`, 'give { index, count } with an index from 0 below count');
}

function isShard({ index, count }: NonNullable<RunTaskOptions['shard']>): boolean {
  return Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 0 && index < count;
}

function refuse(what: string, resolution: string): never {
  throw new PartyError('usage', `runTask: ${what}`, resolution);
}
