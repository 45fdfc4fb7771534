import { describe, expect, it } from 'vitest';
import { oneAhead } from '../../../functions/sources/one-ahead.ts';

const open = new AbortController().signal;

describe('oneAhead', () => {
  it('gives all pages in their order', async () => {
    const pages = oneAhead(async function* () {
      yield* [1, 2, 3];
    }, open);
    const given: number[] = [];
    for await (const page of pages) given.push(page);

    expect(given).toEqual([1, 2, 3]);
  });

  it('lets its pages clean up before it has stopped', async () => {
    let isClean = false;
    const pages = oneAhead(async function* () {
      try {
        yield* [1, 2, 3];
      } finally {
        await new Promise(setImmediate);
        isClean = true;
      }
    }, open);
    for await (const _ of pages) break;

    expect(isClean).toBe(true);
  });

  it('hands on the signal of its consumer', async () => {
    const stopped = new AbortController();
    const reasons: unknown[] = [];
    const pages = oneAhead(async function* (signal) {
      yield 1;
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      yield 2;
    }, stopped.signal);
    await pages.next();
    await pages.next();
    stopped.abort('time is up');

    expect(reasons).toEqual(['time is up']);
  });
});
