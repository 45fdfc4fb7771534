import { inspect } from 'node:util';
import { messageOf } from '../errors.ts';
import { parseDuration } from './duration.ts';
import { nearestWord } from './nearest-word.ts';
import { isSource, readerOf } from './source.ts';
import type { TaskOptions } from './task-options.ts';

/** What the option takes, in words, if the value is none of it. */
type Check = (value: unknown) => string | undefined;

type TaskOptionName = keyof TaskOptions;

const CHECKS: Readonly<Record<TaskOptionName, Check>> = {
  description: expects('a text', (value) => isText(value)),
  when: oneOf('once', 'every-deploy', 'manual'),
  background: expects('true or false', (value) => typeof value === 'boolean'),
  after: expects('a list of names of tasks', isTexts),
  delivery: oneOf('at-least-once', 'at-most-once'),
  onFailure: oneOf('fail-deploy', 'continue'),
  retries: wholeNumber(0, 10),
  timeout: duration,
  tags: expects('a list of texts', isTexts),
  environments: expects('a list of environment names', isTexts),
  newEnvironment: oneOf('run', 'baseline'),
  middleware: expects('a list of middy middlewares, each with before, after or onError', isMiddlewares),
  params: expects('a Standard Schema, such as one of valibot or zod', isStandardSchema),
  secretParams: expects('a list of names of params', isTexts),
  run: expects('a function', isFunction),
  items: expects('a source of after-party/sources, or a function that returns one', isItems),
  process: expects('a function', isFunction),
  processBatch: expects('a function', isFunction),
  count: expects('a function', isFunction),
  batchSize: wholeNumber(1, 10_000),
  concurrency: wholeNumber(1, 1_000),
  rate: expects(
    'a number of items per second over 0',
    (value) => Number.isFinite(value) && Number(value) > 0,
  ),
  pauseWhile: expects('a function', isFunction),
  shards: wholeNumber(1, 10_000),
  forEach: expects('a function that returns the keys', isFunction),
  parallel: wholeNumber(1, 10_000),
};
const ITEMS_OPTIONS: readonly TaskOptionName[] = [
  'items',
  'process',
  'processBatch',
  'count',
  'batchSize',
  'concurrency',
  'rate',
  'pauseWhile',
];

/**
 * Checks what the types would have refused, for tasks in plain JavaScript.
 * @throws TypeError for an unknown option, with the nearest one, for a value that an option does not take, and
 * for options that contradict each other
 */
export function checkOptions(options: object): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`defineTask takes an object with the task's options, not ${shown(options)}`);
  }
  const given = new Map(Object.entries(options).filter(([, value]) => value !== undefined));
  for (const [name, value] of given) {
    if (!Object.hasOwn(CHECKS, name)) throw unknownOption(name);
    const expected = CHECKS[name as TaskOptionName](value);
    if (expected !== undefined) {
      throw new TypeError(`option "${name}" is ${shown(value)}: expected ${expected}`);
    }
  }
  checkWork(given);
  checkSplit(given);
  if (given.get('delivery') === 'at-most-once' && given.has('retries') && given.get('retries') !== 0) {
    throw new TypeError(
      'option "retries" contradicts delivery "at-most-once": a task that threw is never tried again unasked; leave one out',
    );
  }
  if (given.has('secretParams') && !given.has('params')) {
    throw new TypeError('option "secretParams" needs "params": give the schema that these names are in');
  }
}

/** A task has `run`, or `items` with one of `process` and `processBatch`. */
function checkWork(given: ReadonlyMap<string, unknown>): void {
  const ofItems = ITEMS_OPTIONS.find((name) => given.has(name));
  if (given.has('run')) {
    if (ofItems === undefined) return;
    throw new TypeError(
      `option "${ofItems}" contradicts "run": a task does its work as a whole or goes through items; leave one out`,
    );
  }
  if (ofItems === undefined) {
    throw new TypeError(
      'option "run" is missing: give the function that does the work, or "items" and "process"',
    );
  }
  if (!given.has('items')) throw new TypeError(`option "${ofItems}" needs "items": give their source`);
  if (given.has('process') === given.has('processBatch')) {
    throw new TypeError(
      given.has('process')
        ? 'option "processBatch" contradicts "process": leave one out'
        : 'option "items" needs "process" or "processBatch": give the function that does the work',
    );
  }
  if (given.has('batchSize') && given.has('process')) {
    throw new TypeError('option "batchSize" needs "processBatch": "process" is given one item at a time');
  }
  if (given.get('delivery') === 'at-most-once' && (given.get('concurrency') ?? 1) !== 1) {
    throw new TypeError(
      'option "concurrency" contradicts delivery "at-most-once": what broke off must be one item or batch; leave one out',
    );
  }
}

/** A task may be split by one of `shards` and `forEach`. */
function checkSplit(given: ReadonlyMap<string, unknown>): void {
  if (given.has('shards') && given.has('forEach')) {
    throw new TypeError(
      'option "forEach" contradicts "shards": a task is split by keys or by numbers; leave one out',
    );
  }
  if (given.has('parallel') && !given.has('shards') && !given.has('forEach')) {
    throw new TypeError('option "parallel" needs "shards" or "forEach": say into what the task is split');
  }
  const items = given.get('items');
  if (given.has('shards') && isSource(items) && !readerOf(items).splits) {
    throw new TypeError(
      'option "items" is a source that does not split itself into "shards", so each shard would process all of it: give a function that returns the part for its ctx.shard',
    );
  }
}

function unknownOption(name: string): TypeError {
  const names = Object.keys(CHECKS);
  const nearest = nearestWord(name, names);
  const hint = nearest === undefined ? `the options are ${names.join(', ')}` : `did you mean "${nearest}"?`;
  return new TypeError(`unknown option "${name}": ${hint}`);
}

function expects(what: string, accepts: (value: unknown) => boolean): Check {
  return (value) => (accepts(value) ? undefined : what);
}

function wholeNumber(least: number, most: number): Check {
  return expects(
    `a whole number from ${least} to ${most.toLocaleString('en')}`,
    (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  );
}

function oneOf(...choices: string[]): Check {
  const words = choices.map((choice) => `"${choice}"`);
  const what = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return expects(what, (value) => choices.some((choice) => choice === value));
}

function duration(value: unknown): string | undefined {
  if (typeof value !== 'string') return "a duration such as '90s' or '10m'";
  try {
    parseDuration(value);
    return undefined;
  } catch (error) {
    return `a duration: ${messageOf(error)}`;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isItems(value: unknown): boolean {
  return isFunction(value) || isSource(value);
}

function isMiddlewares(value: unknown): boolean {
  const hooks = ['before', 'after', 'onError'];
  return (
    Array.isArray(value) &&
    value.every((item: unknown) => {
      const given = Object.entries(Object(item)).filter(
        ([name, hook]) => hooks.includes(name) && hook !== undefined,
      );
      return given.length > 0 && given.every(([, hook]) => typeof hook === 'function');
    })
  );
}

function isStandardSchema(value: unknown): boolean {
  // arktype's schemas are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return (
    typeof standard === 'object' &&
    standard !== null &&
    typeof Reflect.get(standard, 'validate') === 'function'
  );
}

function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value)
    : inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
}
