import { describe, expect, it, vi } from 'vitest';
import type { RunContext } from '../../../functions/task/index.ts';
import { ProcessEnded } from './party.ts';
import { party, setUpParty } from './set-up-party.ts';

setUpParty();

/** Counts to 10 with a checkpoint at each number. */
function counting(each: (number: number, ctx: RunContext) => unknown = () => undefined) {
  return async (ctx: RunContext) => {
    for (let number = Number(ctx.cursor ?? 0) + 1; number <= 10; number++) {
      await each(number, ctx);
      if (!(await ctx.checkpoint(number, { done: number, total: 10 }))) return undefined;
    }
    return 'counted';
  };
}

describe('checkpoint', () => {
  it('has the next deploy go on where the task failed', async () => {
    const seen: number[] = [];
    party.add('1', {
      run: counting((number) => {
        seen.push(number);
        if (number === 4 && seen.length === 4) throw new Error('HTTP 503');
      }),
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      cursor: 3,
      progress: { done: 3, total: 10 },
      error: { message: 'HTTP 503' },
    });
    await party.deploy();
    expect(seen).toEqual([1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10]);
    const record = await party.record('1');
    expect(record).toMatchObject({
      state: 'succeeded',
      result: 'counted',
      progress: { done: 10, total: 10 },
    });
    expect(record).not.toHaveProperty('cursor');
  });

  it('has a retry go on there too', async () => {
    const seen: number[] = [];
    party.add('1', {
      retries: 1,
      run: counting((number) => {
        seen.push(number);
        if (seen.length === 4) throw new Error('HTTP 503');
      }),
    });

    await party.deploy();

    expect(seen).toEqual([1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('saves the first at once, and then not more often than it may', async () => {
    party.setTiming({ checkpoint: 60_000 });
    const checkpoint = vi.spyOn(party.ledger.tasks, 'checkpoint');
    const saved: unknown[] = [];
    party.add('1', { run: counting(async () => saved.push((await party.record('1')).cursor)) });

    await party.deploy();

    expect(checkpoint).toHaveBeenCalledTimes(1);
    expect(saved).toEqual([undefined, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('saves soon what it did not save at once', async () => {
    party.setTiming({ checkpoint: 20 });
    party.add('1', {
      async run({ checkpoint }) {
        await checkpoint({ job: 7 });
        await checkpoint({ job: 7, polled: 1 });
        const isSaved = async () => JSON.stringify((await party.record('1')).cursor)?.includes('polled');
        await vi.waitUntil(isSaved, { timeout: 30_000 });
      },
    });

    await party.deploy();

    expect((await party.record('1')).state).toBe('succeeded');
  });

  it('answers false when the invocation ends, and the next goes on', async () => {
    let ahead = 0;
    party.ports = { ...party.ports, now: () => Date.now() + ahead };
    const answers: boolean[] = [];
    party.add('1', {
      async run({ cursor, checkpoint }) {
        if (cursor !== undefined) return cursor;
        answers.push(await checkpoint({ job: 7 }));
        ahead += 899_000;
        answers.push(await checkpoint({ job: 7 }));
        return 'not its result';
      },
    });
    const runId = await party.begin();

    await party.invoke(runId);
    const first = await party.record('1');
    await party.invoke(runId);

    expect(answers).toEqual([true, false]);
    expect(first).toMatchObject({ state: 'interrupted', cursor: { job: 7 } });
    expect(first).not.toHaveProperty('result');
    expect(first).not.toHaveProperty('reason');
    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: { job: 7 } });
  });

  it('answers false while there is time for what took longest so far only', async () => {
    let now = Date.now();
    party.ports = { ...party.ports, now: () => now };
    const answers: boolean[] = [];
    party.add('1', {
      async run({ checkpoint }) {
        for (const minutes of [1, 6, 1]) {
          now += minutes * 60_000;
          answers.push(await checkpoint(minutes));
        }
      },
    });

    await party.deploy();

    expect(answers).toEqual([true, true, true]);
    party.add('2', {
      async run({ checkpoint }) {
        for (const minutes of [1, 8, 1]) {
          now += minutes * 60_000;
          answers.push(await checkpoint(minutes));
        }
      },
    });
    answers.length = 0;
    await party.invoke(await party.begin(), { versions: ['2'] });
    expect(answers).toEqual([true, false, false]);
  });

  it('answers false when a person pauses the task', async () => {
    const look = vi.spyOn(party.ledger.tasks, 'demands');
    party.add('1', {
      run: counting(async (number) => {
        if (number !== 3) return;
        await party.ledger.tasks.requestStop('1', {
          kind: 'pause',
          by: 'arn:me',
          at: new Date().toISOString(),
        });
        // A look that began behind the request is over once there is a second one.
        const before = look.mock.calls.length;
        await vi.waitUntil(() => look.mock.calls.length > before + 1, { timeout: 30_000, interval: 1 });
      }),
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'paused', by: 'arn:me', cursor: 3 });
  });

  it('keeps the place of a task that is aborted before its next', async () => {
    const run = async ({ checkpoint, signal }: RunContext) => {
      await checkpoint({ at: 1 });
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    party.add('1', { run }, { onFailure: 'continue' }).add('2', { run });

    await party.deploy({ remainingMs: 2_000, versions: ['1'] });
    await party.deploy({ deadline: party.deadlineIn(200), versions: ['2'] });

    const first = await party.record('1');
    expect(first).toMatchObject({ state: 'interrupted', cursor: { at: 1 } });
    expect(first).not.toHaveProperty('reason');
    expect(await party.record('2')).toMatchObject({ state: 'interrupted', reason: 'deploy timeout' });
    // It gets no further than the invocation before.
    await party.deploy({ remainingMs: 2_000, versions: ['1'] });
    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      cursor: { at: 1 },
      reason: expect.stringContaining("the runner's own"),
    });
  });

  it('keeps the place of a task that would end the process', async () => {
    party.add('1', {
      async run({ checkpoint }) {
        await checkpoint(1);
        process.exit(0);
      },
    });

    await expect(party.deploy()).rejects.toThrow(ProcessEnded);

    expect(await party.record('1')).toMatchObject({ state: 'failed', cursor: 1 });
  });

  it.each([
    ['a cursor that is no JSON', () => new Date(), undefined, 'the cursor given to checkpoint is not JSON'],
    ['a cursor that is too large', () => 'x'.repeat(40_000), undefined, 'has 40002 bytes as JSON'],
    ['half an item', () => 1, { done: 0.5 }, 'the done given to checkpoint is 0.5'],
    ['a total below zero', () => 1, { done: 1, total: -1 }, 'the total given to checkpoint is -1'],
  ])('refuses %s', async (_what, cursor, progress, message) => {
    party.add('1', { run: ({ checkpoint }) => checkpoint(cursor() as never, progress) });

    await party.deploy();

    const { state, error } = await party.record('1');
    expect([state, error?.message]).toEqual(['failed', expect.stringContaining(message)]);
  });

  it('is not there for tasks with items', async () => {
    const keys: string[] = [];
    const { numbers } = await import('./numbers.ts');
    party.add('1', { items: numbers(1), process: (_item, ctx) => void keys.push(...Object.keys(ctx)) });

    await party.deploy();

    expect(keys).toContain('dryRun');
    expect(keys).not.toContain('checkpoint');
    expect(keys).not.toContain('cursor');
  });
});
