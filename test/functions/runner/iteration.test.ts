import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { list } from '../../../functions/sources/index.ts';
import type { TaskContext } from '../../../functions/task/index.ts';
import { numbers } from './numbers.ts';
import { ProcessEnded } from './party.ts';
import { output, party, setUpParty } from './set-up-party.ts';

setUpParty();

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A clock that jumps to where the next invocation has to take over. */
function jumpingClock(): { jump(): void } {
  let ahead = 0;
  party.ports = { ...party.ports, now: () => Date.now() + ahead };
  return {
    jump: () => {
      ahead += 899_000;
    },
  };
}

describe('a task with items', () => {
  it('processes each in order and says how many', async () => {
    const seen: number[] = [];
    party.add('1', { items: numbers(1_001), process: (item) => void seen.push(Number(item)) });

    await party.deploy();

    expect(seen).toEqual(range(1, 1_001));
    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'succeeded', result: '1,001 items', progress: { done: 1_001 } });
    expect(record).not.toHaveProperty('cursor');
  });

  it('counts what it changed', async () => {
    party.add('1', { items: numbers(1_000), process: (item) => (Number(item) <= 37 ? 1 : 0) });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      result: '37 of 1,000 items changed',
      progress: { done: 1_000, changed: 37 },
    });
  });

  it.each([1.5, -1, Number.NaN])('fails where it says that it changed %d', async (changed) => {
    party.add('1', { items: numbers(1), process: () => changed });

    await party.deploy();

    expect((await party.record('1')).error?.message).toContain(
      `it returned ${changed}: a number is how many`,
    );
  });

  it('has succeeded without any', async () => {
    party.add('1', { items: numbers(0), process: () => 1 });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '0 items' });
  });

  it('processes batches, the last one of what is left', async () => {
    const batches: number[] = [];
    party.add('1', {
      items: numbers(250),
      processBatch: (items) => batches.push(items.length) && items.length,
    });
    party.add('2', { items: numbers(1), batchSize: 5, processBatch: (items) => batches.push(items.length) });

    await party.deploy();

    expect(batches).toEqual([100, 100, 50, 1]);
    expect((await party.record('1')).result).toBe('250 of 250 items changed');
  });

  it('gets its source from its context', async () => {
    party.add('1', {
      items: async ({ env }) => numbers(env.USERS_TABLE?.length ?? 0),
      process: () => undefined,
    });

    await party.deploy();

    expect((await party.record('1')).result).toBe('5 items');
  });

  it('has as many in flight as it says, and no more', async () => {
    let inFlight = 0;
    let most = 0;
    party.add('1', {
      items: numbers(20),
      concurrency: 4,
      async process() {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await sleep(1);
        inFlight -= 1;
      },
    });

    await party.deploy();

    expect(most).toBe(4);
    expect((await party.record('1')).result).toBe('20 items');
  });

  it('does not run ahead of an unfinished one without end', async () => {
    const first = Promise.withResolvers<void>();
    let begun = 0;
    party.add('1', {
      items: numbers(500),
      concurrency: 2,
      async process(item) {
        begun += 1;
        if (item === 1) await first.promise;
      },
    });

    const deploy = party.deploy();
    await vi.waitUntil(() => begun === 32, { timeout: 30_000 });
    await sleep(20);

    expect(begun).toBe(32);
    first.resolve();
    await deploy;
    expect((await party.record('1')).result).toBe('500 items');
  });

  it('leaves timers their turn, though its source and its work are in memory', async () => {
    party.setTiming({ cancelPoll: 1 });
    party.add('1', {
      items: numbers(Number.POSITIVE_INFINITY),
      process: async (item, { deploy }) => {
        if (item !== 1) return;
        await party.ledger.runs.requestCancel(deploy.runId, {
          cause: 'person',
          by: 'arn:me',
          at: new Date().toISOString(),
        });
      },
    });

    await party.deploy();

    expect((await party.record('1')).state).toBe('cancelled');
  });
});

describe('an item that fails', () => {
  it('is named, and is the first that the next deploy processes', async () => {
    let works = false;
    const seen: unknown[] = [];
    party.add('1', {
      items: numbers(11_999, { count: 12_000 }),
      process(item) {
        seen.push(item);
        if (item === 8_113 && !works) throw new TypeError('no trim');
        return 1;
      },
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      cursor: 8_112,
      progress: { done: 8_112, total: 12_000, changed: 8_112 },
      error: { name: 'TypeError', message: 'no trim', position: 'item 8,113 of about 12,000', item: '8113' },
    });
    works = true;
    seen.length = 0;
    await party.deploy();
    expect(seen[0]).toBe(8_113);
    expect(await party.record('1')).toMatchObject({
      state: 'succeeded',
      result: '11,999 of 11,999 items changed',
      attempt: 2,
    });
  });

  it('lets those in flight end, and the first of several counts', async () => {
    const ended: unknown[] = [];
    party.add('1', {
      items: numbers(100),
      concurrency: 4,
      async process(item) {
        await sleep(item === 2 ? 30 : 5);
        ended.push(item);
        if (item === 2 || item === 4) throw new Error(`no ${item}`);
      },
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      cursor: 1,
      error: { message: 'no 2', position: 'item 2' },
    });
    expect(ended.toSorted()).toEqual(range(1, ended.length));
  });

  it('is shown by 200 bytes at most, without secrets, also where it is no JSON', async () => {
    const fails = { process: () => Promise.reject(new Error('no')) };
    const user = { id: 'u-1', token: 'pa55word', long: 'ü'.repeat(300) };
    const continues = { onFailure: 'continue' } as const;
    party
      .add('1', { ...fails, items: list([user]) }, continues)
      .add('2', { ...fails, items: list([{ id: 7n }]) });
    const secret = { params: { token: 'pa55word' }, secretParams: ['token'] };

    await party.invoke(await party.begin({ trigger: 'invoke', ...secret }));

    const shown = (await party.record('1')).error?.item ?? '';
    expect(shown).toMatch(/^\{"id":"u-1","token":"\[redacted\]","long":"ü+…$/);
    expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(200);
    expect((await party.record('2')).error?.item).toBe('{ id: 7n }');
  });

  it('is named by its batch', async () => {
    party.add('1', {
      items: numbers(50),
      batchSize: 20,
      processBatch: ([first]) => {
        if (first === 21) throw new Error('no');
      },
    });

    await party.deploy();

    expect((await party.record('1')).error).toMatchObject({ position: 'items 21 to 40', message: 'no' });
    expect(await party.record('1')).toMatchObject({ cursor: 20, progress: { done: 20 } });
  });

  it('is tried again in place', async () => {
    const seen: unknown[] = [];
    party.add('1', {
      items: numbers(3),
      retries: 2,
      process(item) {
        seen.push(item);
        if (item === 2 && seen.length < 4) throw new Error('busy');
      },
    });

    await party.deploy();

    expect(seen).toEqual([1, 2, 2, 2, 3]);
    expect((await party.record('1')).state).toBe('succeeded');
    const warnings = output.lines().filter(({ level }) => level === 'WARN');
    expect(warnings.map(({ message }) => message)).toEqual([
      'try 1 of item 2 failed, the next is in 2 s',
      'try 2 of item 2 failed, the next is in 4 s',
    ]);
  });
});

describe('an invocation', () => {
  it('yields before its end, and the next goes on', async () => {
    const clock = jumpingClock();
    const seen: unknown[] = [];
    party.add('1', {
      items: numbers(30),
      concurrency: 3,
      process: async (item) => {
        await sleep(1);
        seen.push(item);
        if (seen.length % 10 === 0) clock.jump();
        return 1;
      },
    });
    const runId = await party.begin();

    await party.invoke(runId);
    const first = await party.record('1');
    for (let slice = 0; slice < 5 && (await party.record('1')).state === 'interrupted'; slice++) {
      await party.invoke(runId);
    }

    expect(first).toMatchObject({ state: 'interrupted', lastRun: runId });
    expect(first.cursor).toBe(first.progress?.done);
    expect(first).not.toHaveProperty('reason');
    expect(first.history).toEqual([]);
    expect(seen.toSorted((a, b) => Number(a) - Number(b))).toEqual(range(1, 30));
    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '30 of 30 items changed' });
  });

  it('yields also between the end of the source and the last of its items', async () => {
    const clock = jumpingClock();
    const batches: unknown[] = [];
    party.add('1', {
      items: numbers(4),
      batchSize: 3,
      processBatch: async (items) => {
        batches.push(items);
        await sleep(20);
        if (items.length === 3) clock.jump();
      },
    });
    const runId = await party.begin();

    await party.invoke(runId);
    const first = await party.record('1');
    await party.invoke(runId);

    expect(first).toMatchObject({ state: 'interrupted', cursor: 3 });
    expect(batches).toEqual([[1, 2, 3], [4]]);
    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '4 items' });
  });

  it('ends its list with a task that goes on', async () => {
    const clock = jumpingClock();
    party
      .add('1', { items: numbers(9), process: (item) => item === 3 && clock.jump() })
      .add('2', { run: () => 'not reached' });

    await party.deploy();

    expect(await party.states()).toEqual({ 1: 'interrupted' });
  });

  it('in which no item was completed fails the task', async () => {
    party.add('1', {
      items: numbers(2),
      process: (_item, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });

    await party.deploy({ remainingMs: 300 });

    const record = await party.record('1');
    expect(record).toMatchObject({
      state: 'failed',
      reason: 'no item was completed within one invocation of 900 s',
    });
    expect(record).not.toHaveProperty('error');
  });

  it('leaves an item that waits for its next try to the next invocation', async () => {
    party.setTiming({ second: 1_000 });
    party.add('1', {
      items: numbers(3),
      retries: 5,
      process: (item) => (item === 2 ? Promise.reject(new Error('busy')) : undefined),
    });
    const runId = await party.begin();
    party.stopClock();

    await party.invoke(runId, { remainingMs: 300 });
    const first = await party.record('1');
    await party.invoke(runId, { remainingMs: 300 });

    expect(first).toMatchObject({ state: 'interrupted', cursor: 1 });
    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      cursor: 1,
      reason: 'no item was completed within one invocation of 900 s; its last error: busy',
    });
  });

  it('fails with no more of its last error than a record can hold', async () => {
    party.setTiming({ second: 1_000 });
    const busy = () => Promise.reject(new Error('busy '.repeat(100_000)));
    party.add('1', { items: numbers(3), retries: 5, process: busy });
    party.stopClock();

    await party.deploy({ remainingMs: 300 });

    const { state, reason } = await party.record('1');
    expect(state).toBe('failed');
    expect(reason).toMatch(/; its last error: (busy )+.*…$/);
  });

  it('goes on with what it had though an item did not end in time', async () => {
    party.add('1', { items: numbers(3), process: (item) => item === 2 && new Promise(() => {}) });
    party.stopClock();

    await expect(party.deploy({ remainingMs: 300 })).rejects.toThrow(ProcessEnded);

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'interrupted', cursor: 1, progress: { done: 1 } });
    expect(record).not.toHaveProperty('reason');
  });
});

describe('how far a task has come', () => {
  it('is saved as it goes, not more often than it may', async () => {
    party.setTiming({ checkpoint: 30 });
    const checkpoint = vi.spyOn(party.ledger.tasks, 'checkpoint');
    party.add('1', {
      items: numbers(100),
      concurrency: 5,
      process: (item) => sleep(1 + (Number(item) % 7)),
    });

    await party.deploy();

    const times = checkpoint.mock.calls.map(([, , , now]) => Date.parse(now));
    expect(times.length).toBeGreaterThan(1);
    for (const [index, time] of times.entries()) {
      const before = times[index - 1];
      // A timer of Node's may end a millisecond before the clock says so.
      if (before !== undefined) expect(time - before).toBeGreaterThanOrEqual(29);
    }
  });

  it('is not saved before it has been under way for as long', async () => {
    const checkpoint = vi.spyOn(party.ledger.tasks, 'checkpoint');
    party.add('1', { items: numbers(50), process: () => undefined });

    await party.deploy();

    expect(checkpoint).not.toHaveBeenCalled();
  });

  it('is saved by the next write where one fails', async () => {
    party.setTiming({ checkpoint: 5 });
    const checkpoint = vi.spyOn(party.ledger.tasks, 'checkpoint').mockRejectedValueOnce(new Error('away'));
    party.add('1', { items: numbers(20), process: () => sleep(3) });

    await party.deploy();

    expect(checkpoint.mock.calls.length).toBeGreaterThan(1);
    expect(output.text()).toContain('could not save how far the task has come');
    expect((await party.record('1')).state).toBe('succeeded');
  });
});

describe('a count', () => {
  it.each([
    ['too high', 500, 'item 3 of about 500'],
    ['too low', 1, 'item 3 of about 3'],
  ])('may be %s', async (_what, count, position) => {
    party.add('1', {
      items: numbers(9),
      count: () => count,
      process: (item) => (item === 3 ? Promise.reject(new Error('no')) : undefined),
    });

    await party.deploy();

    const { error, progress } = await party.record('1');
    expect(error?.position).toBe(position);
    expect(progress?.total).toBe(Math.max(2, count));
  });

  it('is asked once for all invocations', async () => {
    const clock = jumpingClock();
    const count = vi.fn(async () => 4);
    party.add('1', { items: numbers(4), count, process: (item) => item === 2 && clock.jump() });
    const runId = await party.begin();

    await party.invoke(runId);
    await party.invoke(runId);

    expect(count).toHaveBeenCalledTimes(1);
    expect(await party.record('1')).toMatchObject({ state: 'succeeded', progress: { done: 4, total: 4 } });
  });

  it('that is none fails the task', async () => {
    party.add('1', { items: numbers(1), count: () => Number.NaN, process: () => undefined });

    await party.deploy();

    expect((await party.record('1')).error?.message).toContain(
      '"count" gave null: expected a number of items',
    );
  });
});

describe('what throws in place of an item', () => {
  it.each([
    ['count', { count: () => Promise.reject(new Error('no such table')) }],
    ['items', { items: () => Promise.reject(new Error('no such table')) }],
    ['pauseWhile', { pauseWhile: () => Promise.reject(new Error('no such table')) }],
  ] as const)('is named: %s', async (option, options) => {
    party.add('1', { items: numbers(3), process: () => undefined, ...options });

    await party.deploy();

    const { state, error } = await party.record('1');
    expect([state, error?.message]).toEqual([
      'failed',
      `the task's "${option}" threw (cause: no such table)`,
    ]);
  });

  it('is refused where items gives no source', async () => {
    party.add('1', { items: (() => [1, 2]) as never, process: () => undefined });

    await party.deploy();

    expect((await party.record('1')).error?.message).toContain('"items" gave object: expected a source');
  });

  it('is the source, behind the items that it gave', async () => {
    const throwing = (number: number) => {
      if (number === 4) throw new Error('connection lost');
    };
    party.add('1', { items: numbers(9, { before: throwing }), concurrency: 2, process: () => sleep(5) });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      cursor: 3,
      error: { message: 'the source of the items threw behind item 3 (cause: connection lost)' },
    });
  });

  it('is a source that refuses the cursor', async () => {
    party.add('1', {
      items: numbers(9, { cursorOf: (number) => ({ number }) }),
      process: (item) => (item === 2 ? Promise.reject(new Error('no')) : undefined),
    });
    await party.deploy();

    await party.deploy();

    const { state, error, cursor } = await party.record('1');
    expect(state).toBe('failed');
    expect(error?.message).toContain(`cannot go on from the cursor that was kept: {"number":1} is no number`);
    expect(error?.message).toContain('--from-start');
    expect(cursor).toEqual({ number: 1 });
  });

  it.each([
    ['a function', () => 1, 'it is or holds a function'],
    ['undefined', undefined, 'it is or holds undefined'],
    ['a date within', { at: [new Date(0)] }, 'it is or holds a Date'],
    ['no finite number', Number.NaN, 'it is or holds NaN'],
    ['too large', 'ü'.repeat(16_384), 'has 32770 bytes as JSON, of which at most 32768'],
  ])('is a cursor that is %s', async (_what, cursor, message) => {
    party.add('1', {
      items: numbers(9, { cursorOf: (number) => (number === 3 ? cursor : number) }),
      process: () => undefined,
    });

    await party.deploy();

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'failed', cursor: 2, progress: { done: 2 } });
    expect(record.error?.message).toContain('the cursor behind item 3');
    expect(record.error?.message).toContain(message);
  });

  it('is a source that never gives an item, nor an end', async () => {
    party.add('1', { items: numbers(9, { before: () => new Promise(() => {}) }), process: () => undefined });

    await expect(party.deploy({ remainingMs: 300 })).rejects.toThrow(ProcessEnded);

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('no item was completed within one invocation of 900 s'),
    });
  });
});

describe('a source', () => {
  it('is closed when nobody reads on, and what it throws then is only said', async () => {
    const onClose = vi.fn(() => Promise.reject(new Error('not open')));
    party.add('1', { items: numbers(9, { onClose }), process: () => Promise.reject(new Error('no')) });

    await party.deploy();

    expect(onClose).toHaveBeenCalledTimes(1);
    expect((await party.record('1')).error?.message).toBe('no');
    expect(output.text()).toContain('threw while it was closed');
  });

  it('that is never closed ends the process behind the record', async () => {
    party.setTiming({ grace: 50 });
    party.add('1', {
      items: numbers(9, { onClose: () => new Promise(() => {}) }),
      process: () => Promise.reject(new Error('no')),
    });

    await expect(party.deploy()).rejects.toThrow(ProcessEnded);

    expect(await party.record('1')).toMatchObject({ state: 'failed', error: { message: 'no' } });
  });

  it('hears that it is no longer read', async () => {
    const signals: AbortSignal[] = [];
    const before = (_number: number, { signal }: { signal: AbortSignal }) => void signals.push(signal);
    party.add('1', { items: numbers(1, { before }), process: () => undefined });

    await party.deploy();

    expect(signals[0]?.aborted).toBe(true);
  });
});

describe('a rate', () => {
  it('holds the items back', async () => {
    const times: number[] = [];
    party.add('1', {
      items: numbers(6),
      rate: 100,
      concurrency: 6,
      process: () => times.push(Date.now()) && 0,
    });

    await party.deploy();

    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(48);
  });

  it('that a person sets counts more, also while it runs', async () => {
    party.setTiming({ checkpoint: 5 });
    let seen = 0;
    party.add('1', {
      items: numbers(1_000),
      rate: 1,
      process: async () => {
        seen += 1;
        if (seen === 1) await party.ledger.tasks.setRate('1', 1e6);
      },
    });

    await party.deploy();

    expect((await party.record('1')).result).toBe('1,000 items');
  });
});

describe('pauseWhile', () => {
  it('holds the task back, with its place saved', async () => {
    const asked: unknown[] = [];
    let seen = 0;
    party.add('1', {
      items: numbers(4),
      process: async () => {
        seen += 1;
        await sleep(3);
      },
      pauseWhile: async () => {
        asked.push((await party.record('1')).cursor);
        return seen === 2 && asked.length < 6;
      },
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '4 items' });
    expect(asked).toContain(2);
    expect(asked.length).toBeGreaterThanOrEqual(6);
  });

  it('does not make an invocation fail in which nothing was completed', async () => {
    party.add('1', { items: numbers(4), process: () => undefined, pauseWhile: () => true });
    party.stopClock();

    await party.deploy({ remainingMs: 300 });

    const record = await party.record('1');
    expect(record.state).toBe('interrupted');
    expect(record).not.toHaveProperty('reason');
  });
});

describe('an at-most-once task with items', () => {
  it('is in doubt with the item that threw', async () => {
    party.add('1', {
      delivery: 'at-most-once',
      items: numbers(5),
      process: (item) => (item === 3 ? Promise.reject(new Error('no')) : undefined),
    });

    await party.deploy();
    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'in-doubt',
      attempt: 1,
      cursor: 2,
      error: { position: 'item 3' },
    });
  });

  it('goes on where nothing was under way', async () => {
    const clock = jumpingClock();
    const seen: unknown[] = [];
    party.add('1', {
      delivery: 'at-most-once',
      items: numbers(5),
      process(item) {
        seen.push(item);
        if (item === 3) clock.jump();
      },
    });
    const runId = await party.begin();

    await party.invoke(runId);
    await party.invoke(runId);

    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect((await party.record('1')).state).toBe('succeeded');
  });

  it('is in doubt where an item was cut off', async () => {
    party.add('1', {
      delivery: 'at-most-once',
      items: numbers(5),
      process: (item, { signal }: TaskContext) =>
        item === 2 &&
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    party.stopClock();

    await party.deploy({ remainingMs: 300 });

    expect(await party.record('1')).toMatchObject({ state: 'in-doubt', cursor: 1 });
  });
});
