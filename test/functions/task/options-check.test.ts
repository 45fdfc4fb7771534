import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { dynamoScan, list } from '../../../functions/sources/index.ts';
import { defineTask, isTask } from '../../../functions/task/define-task.ts';
import { checkOptions } from '../../../functions/task/options-check.ts';

const run = () => undefined;
const items = list([1]);
const schema = v.object({ from: v.string() });

/** What is thrown for options that TypeScript would refuse. */
function refusal(options: unknown): string {
  try {
    checkOptions(options as object);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error('accepted');
}

describe('checkOptions', () => {
  it.each([
    ['descripton', 'unknown option "descripton": did you mean "description"?'],
    ['retrys', 'unknown option "retrys": did you mean "retries"?'],
    ['Middleware', 'unknown option "Middleware": did you mean "middleware"?'],
    ['secretparams', 'unknown option "secretparams": did you mean "secretParams"?'],
    ['toString', 'unknown option "toString": the options are description, when, '],
  ])('names the option nearest to %s', (name, message) => {
    expect(refusal({ [name]: 'x', run })).toContain(message);
  });

  it.each([
    [{ when: 'sometimes' }, 'option "when" is "sometimes": expected "once", "every-deploy" or "manual"'],
    [{ background: 'yes' }, 'option "background" is "yes": expected true or false'],
    [{ after: 'backfill' }, 'option "after" is "backfill": expected a list of names of tasks'],
    [{ delivery: 'once' }, 'option "delivery" is "once": expected "at-least-once" or "at-most-once"'],
    [{ onFailure: true }, 'option "onFailure" is true: expected "fail-deploy" or "continue"'],
    [{ newEnvironment: 1 }, 'option "newEnvironment" is 1: expected "run" or "baseline"'],
    [{ description: '' }, 'option "description" is "": expected a text'],
    [{ retries: 11 }, 'option "retries" is 11: expected a whole number from 0 to 10'],
    [{ retries: 1.5 }, 'option "retries" is 1.5: expected a whole number from 0 to 10'],
    [{ timeout: 90 }, `option "timeout" is 90: expected a duration such as '90s' or '10m'`],
    [{ timeout: '90' }, 'option "timeout" is "90": expected a duration: "90" is no duration'],
    [{ tags: 'a' }, 'option "tags" is "a": expected a list of texts'],
    [{ environments: [1] }, 'option "environments" is [ 1 ]: expected a list of environment names'],
    [{ middleware: [{}] }, 'option "middleware" is [ {} ]: expected a list of middy middlewares'],
    [{ middleware: [{ before: 1 }] }, 'expected a list of middy middlewares'],
    [{ params: {} }, 'option "params" is {}: expected a Standard Schema'],
    [{ params: schema, secretParams: 'from' }, 'option "secretParams" is "from": expected a list of names'],
    [{ run: 'x' }, 'option "run" is "x": expected a function'],
    [{ items: [1] }, 'option "items" is [ 1 ]: expected a source of after-party/sources, or a function'],
    [{ process: 1 }, 'option "process" is 1: expected a function'],
    [{ count: 9 }, 'option "count" is 9: expected a function'],
    [{ batchSize: 0 }, 'option "batchSize" is 0: expected a whole number from 1 to 10,000'],
    [{ concurrency: 0 }, 'option "concurrency" is 0: expected a whole number from 1 to 1,000'],
    [{ rate: 0 }, 'option "rate" is 0: expected a number of items per second over 0'],
    [{ rate: Number.POSITIVE_INFINITY }, 'option "rate" is Infinity'],
    [{ pauseWhile: true }, 'option "pauseWhile" is true: expected a function'],
    [{ shards: 0 }, 'option "shards" is 0: expected a whole number from 1 to 10,000'],
    [{ shards: 10_001 }, 'option "shards" is 10001: expected a whole number from 1 to 10,000'],
    [{ shards: 2.5 }, 'option "shards" is 2.5: expected a whole number'],
    [{ shards: '4' }, 'option "shards" is "4": expected a whole number'],
    [{ forEach: ['acme'] }, `option "forEach" is [ 'acme' ]: expected a function that returns the keys`],
    [{ shards: 4, parallel: 0 }, 'option "parallel" is 0: expected a whole number from 1 to 10,000'],
    [{ shards: 4, parallel: 10_001 }, 'option "parallel" is 10001: expected a whole number'],
  ])('refuses %o', (options, message) => {
    expect(refusal({ run, ...options })).toContain(message);
  });

  it('refuses a task without run, and what are no options', () => {
    expect(refusal({ description: 'x' })).toContain('option "run" is missing');
    expect(refusal(undefined)).toContain('not undefined');
    expect(refusal(null)).toContain('not null');
  });

  it('refuses options that contradict each other', () => {
    expect(refusal({ run, retries: 1, delivery: 'at-most-once' })).toContain('option "retries" contradicts');
    expect(refusal({ run, secretParams: ['token'] })).toContain('option "secretParams" needs "params"');
  });

  it.each([
    [{ run, items }, 'option "items" contradicts "run"'],
    [{ run, rate: 5 }, 'option "rate" contradicts "run"'],
    [{ process: run }, 'option "process" needs "items"'],
    [{ rate: 5 }, 'option "rate" needs "items"'],
    [{ items }, 'option "items" needs "process" or "processBatch"'],
    [{ items, process: run, processBatch: run }, 'option "processBatch" contradicts "process"'],
    [{ items, process: run, batchSize: 5 }, 'option "batchSize" needs "processBatch"'],
    [
      { items, process: run, concurrency: 2, delivery: 'at-most-once' },
      'option "concurrency" contradicts delivery "at-most-once"',
    ],
    [{ run, shards: 4, forEach: run }, 'option "forEach" contradicts "shards"'],
    [{ run, parallel: 4 }, 'option "parallel" needs "shards" or "forEach"'],
    [
      { items, process: run, shards: 4 },
      'option "items" is a source that does not split itself into "shards", so each shard would process all of it',
    ],
  ])('refuses %o', (options, message) => {
    expect(refusal(options)).toContain(message);
  });

  it.each([
    { items, process: run, concurrency: 1_000, rate: 0.5, count: run, pauseWhile: run, retries: 3 },
    { items: run, processBatch: run, batchSize: 10_000 },
    { items, process: run, concurrency: 1, delivery: 'at-most-once' },
  ])('accepts a task with items, %o', (options) => {
    expect(() => checkOptions(options)).not.toThrow();
  });

  it.each([
    { run, shards: 1, parallel: 1 },
    { run, shards: 10_000, parallel: 10_000, delivery: 'at-most-once' },
    { run, forEach: run },
    { items, process: run, forEach: run, parallel: 25 },
    { items: run, process: run, shards: 4 },
    { items: dynamoScan({ TableName: 'users' }), process: run, shards: 4 },
  ])('accepts a task that is split, %o', (options) => {
    expect(() => checkOptions(options)).not.toThrow();
  });

  it.each([
    { retries: 0, delivery: 'at-most-once' },
    { retries: 10, timeout: '1h', tags: [], environments: ['production'] },
    { params: schema, secretParams: ['from'] },
    { params: Object.assign(() => undefined, { '~standard': { validate: () => undefined } }) },
    { middleware: [{ before: run }, { after: run, name: 'named' }, { onError: run }] },
    { timeout: undefined, description: undefined },
  ])('accepts %o', (options) => {
    expect(() => checkOptions({ run, ...options })).not.toThrow();
  });
});

describe('defineTask', () => {
  it('fills in what is left out', () => {
    const task = defineTask({ run });

    expect(task).toMatchObject({
      when: 'once',
      delivery: 'at-least-once',
      retries: 0,
      tags: [],
      secretParams: [],
    });
    expect(task).toMatchObject({ timeoutSeconds: undefined, onFailure: undefined, environments: undefined });
    expect(isTask(task)).toBe(true);
    expect(isTask({ run })).toBe(false);
  });

  it('keeps into what a task is split', () => {
    expect(defineTask({ run }).split).toBeUndefined();
    expect(defineTask({ run, shards: 64 }).split).toEqual({ of: 'shards', count: 64, parallel: 10 });
    const { split } = defineTask({ run, forEach: () => ['acme'], parallel: 3 });
    expect(split).toMatchObject({ of: 'keys', parallel: 3 });
  });

  it('counts a timeout in seconds', () => {
    expect(defineTask({ timeout: '10m', run }).timeoutSeconds).toBe(600);
  });

  it('recognises a task of another copy of the package', () => {
    expect(isTask({ [Symbol.for('after-party.task')]: 1 })).toBe(true);
  });
});
