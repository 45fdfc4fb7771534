import { checkCursor } from '../task/cursor.ts';
import type { Task } from '../task/define-task.ts';
import { nearestWord } from '../task/nearest-word.ts';
import type { RunTaskOptions } from './run-task.ts';

const NAMES: Readonly<Record<keyof RunTaskOptions, true>> = {
  env: true,
  params: true,
  cursor: true,
  progress: true,
  stopAfter: true,
  items: true,
  key: true,
  shard: true,
  dryRun: true,
  environmentName: true,
  attempt: true,
  idempotencyKey: true,
  signal: true,
  tasksBefore: true,
  onLog: true,
};

/** @throws TypeError saying what to do, PartyError `bad-cursor` */
export function checkRunTaskOptions(task: Task, options: RunTaskOptions): void {
  for (const name of Object.keys(options)) if (!Object.hasOwn(NAMES, name)) refuseUnknown(name);
  const { env = {}, params, cursor, stopAfter, items, attempt, signal } = options;
  for (const [name, value] of Object.entries(env)) {
    // Such as a variable that the test's own environment has not.
    if (value !== undefined && typeof value !== 'string')
      refuse(`env.${name} is ${shown(value)}`, 'give a text, as environment variables are');
  }
  if (params !== undefined && task.params === undefined)
    refuse('params were given for a task without "params"', 'give the task a schema, or leave them out');
  if (cursor !== undefined) checkCursor(cursor, 'the cursor given to runTask');
  for (const [name, value] of Object.entries({ stopAfter, attempt })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      refuse(`${name} is ${shown(value)}`, 'give a whole number above 0');
  }
  if (items !== undefined && task.items === undefined)
    refuse('items were given for a task that has none', 'leave them out: the task has "run"');
  if (items !== undefined && !Array.isArray(items))
    refuse('items is no array', 'give the items themselves, in an array');
  if (signal !== undefined && !(signal instanceof AbortSignal))
    refuse(`signal is ${shown(signal)}`, 'give an AbortSignal');
  checkChild(task, options);
}

function checkChild({ split }: Task, { key, shard, cursor, items, stopAfter }: RunTaskOptions): void {
  if (key !== undefined && split?.of !== 'keys')
    refuse('a key was given for a task without "forEach"', 'leave it out');
  if (key !== undefined && typeof key !== 'string') refuse(`key is ${shown(key)}`, 'give a text');
  if (shard !== undefined && split?.of !== 'shards')
    refuse('a shard was given for a task without "shards"', 'leave it out');
  if (shard !== undefined && !isShard(shard))
    refuse(`shard is ${shown(shard)}`, 'give { index, count } with an index from 0 below count');
  if (split === undefined || key !== undefined || shard !== undefined) return;
  // It is only planned: nothing would come of them.
  for (const [name, value] of Object.entries({ cursor, items, stopAfter })) {
    if (value === undefined) continue;
    const which = split.of === 'keys' ? 'the key' : 'the shard, such as { index: 0, count: 1 }';
    refuse(
      `${name} was given for a task that is split`,
      `say too for which of its ${split.of}: give ${which}`,
    );
  }
}

function isShard({ index, count }: NonNullable<RunTaskOptions['shard']>): boolean {
  return Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 0 && index < count;
}

function refuseUnknown(name: string): never {
  const names = Object.keys(NAMES);
  const nearest = nearestWord(name, names);
  return refuse(
    `unknown option "${name}"`,
    nearest === undefined ? `the options are ${names.join(', ')}` : `did you mean "${nearest}"?`,
  );
}

/** All in the message, which is what test runners show. */
function refuse(what: string, resolution: string): never {
  throw new TypeError(`runTask: ${what}: ${resolution}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
