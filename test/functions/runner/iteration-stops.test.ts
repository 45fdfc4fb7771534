import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { StopRequest, TaskRecord } from '../../../functions/ledger/index.ts';
import type { TaskContext, TaskOptions } from '../../../functions/task/index.ts';
import { numbers } from './numbers.ts';
import { output, party, setUpParty } from './set-up-party.ts';

setUpParty();
beforeEach(() => {
  party.setTiming({ checkpoint: 5 });
});

function request(kind: StopRequest['kind'], reason?: string): StopRequest {
  return { kind, by: 'arn:me', at: new Date().toISOString(), ...(reason === undefined ? {} : { reason }) };
}

/** A task that asks something of itself at the third of its items. */
function askingAtThird(ask: (runId: string) => Promise<unknown>, last = 1_000): TaskOptions {
  return {
    items: numbers(last),
    async process(item, { deploy }) {
      if (item === 3) await ask(deploy.runId);
      else await sleep(1);
    },
  };
}

function isAtBoundary({ cursor, progress }: TaskRecord): boolean {
  return cursor === progress?.done && Number(cursor) >= 3;
}

describe('a pause', () => {
  it('is obeyed behind what is in flight, and survives', async () => {
    party.add(
      '1',
      askingAtThird(() => party.ledger.tasks.requestStop('1', request('pause', 'month end'))),
    );

    await party.deploy();
    await party.deploy();

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'paused', reason: 'month end', by: 'arn:me', attempt: 1 });
    expect(record.history).toMatchObject([{ state: 'paused', reason: 'month end' }]);
    expect(isAtBoundary(record)).toBe(true);
    expect(record).not.toHaveProperty('request');
  });

  it('is over when a person invokes the task, which goes on', async () => {
    const seen: unknown[] = [];
    party.add('1', {
      items: numbers(40),
      async process(item) {
        seen.push(item);
        if (item === 3 && seen.length === 3) await party.ledger.tasks.requestStop('1', request('pause'));
        else await sleep(1);
      },
    });
    await party.deploy();
    const { cursor } = await party.record('1');

    await party.invoke(await party.begin({ trigger: 'invoke' }));

    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '40 items' });
    expect(seen[Number(cursor)]).toBe(Number(cursor) + 1);
    expect(seen).toHaveLength(40);
  });

  it('that becomes a cancel while the items in flight end is a cancel', async () => {
    party.add('1', {
      items: numbers(1_000),
      concurrency: 2,
      async process(item, { logger, signal }) {
        await sleep(1);
        if (item !== 3) return;
        await party.ledger.tasks.requestStop('1', request('pause'));
        await sleep(60);
        logger.info('in flight');
        await party.ledger.tasks.requestStop('1', request('cancel', 'wrong table'));
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'cancelled',
      reason: 'wrong table',
      by: 'arn:me',
    });
  });

  it('that becomes a cancel just before it is recorded is a cancel', async () => {
    party.add(
      '1',
      askingAtThird(() => party.ledger.tasks.requestStop('1', request('pause'))),
    );
    beforeStopping(() => party.ledger.tasks.requestStop('1', request('cancel', 'wrong table')));

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'cancelled', reason: 'wrong table' });
  });
});

/** Does something when the first stop is about to be recorded. */
function beforeStopping(act: () => Promise<unknown>): void {
  const { tasks } = party.ledger;
  const stop = tasks.stop.bind(tasks);
  vi.spyOn(tasks, 'stop').mockImplementationOnce(async (...args) => {
    await act();
    return stop(...args);
  });
}

/** A task of two slices. */
function yieldingAtThird(onItem: (item: unknown) => void = () => undefined): TaskOptions {
  let ahead = 0;
  party.ports = { ...party.ports, now: () => Date.now() + ahead };
  return {
    items: numbers(10),
    process(item) {
      onItem(item);
      if (item === 3) ahead += 899_000;
    },
  };
}

describe('a cancel', () => {
  it.each(['task', 'run'])('of the %s ends the iteration with its place kept', async (what) => {
    party.add(
      '1',
      askingAtThird((runId) =>
        what === 'task'
          ? party.ledger.tasks.requestStop('1', request('cancel', 'wrong'))
          : party.ledger.runs.requestCancel(runId, { ...request('cancel', 'wrong'), cause: 'person' }),
      ),
    );

    await party.deploy();

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'cancelled', reason: 'wrong', by: 'arn:me' });
    expect(isAtBoundary(record)).toBe(true);
  });

  it('while the invocation yields is obeyed at once', async () => {
    party.add('1', yieldingAtThird());
    beforeStopping(() => party.ledger.tasks.requestStop('1', request('cancel', 'wrong')));

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'cancelled', reason: 'wrong', cursor: 3 });
  });

  it('aborts the items in flight', async () => {
    const seen: unknown[] = [];
    party.add('1', {
      items: numbers(9),
      async process(item, { signal }) {
        if (item === 2) {
          await party.ledger.tasks.requestStop('1', request('cancel'));
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        }
        seen.push(item);
      },
    });

    await party.deploy();

    expect(seen).toEqual([1]);
    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'cancelled', cursor: 1, progress: { done: 1 } });
    expect(record).not.toHaveProperty('error');
  });
});

describe('a pause while the invocation yields', () => {
  it('is recorded as a pause', async () => {
    party.add('1', yieldingAtThird());
    beforeStopping(() => party.ledger.tasks.requestStop('1', request('pause')));

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'paused', reason: 'paused', cursor: 3 });
  });
});

it.each(['pause', 'cancel'] as const)('a %s comes too late while the last item completes', async (kind) => {
  const look = vi.spyOn(party.ledger.tasks, 'demands');
  party.add('1', {
    items: numbers(3),
    async process(item, { signal }) {
      if (item !== 3) return;
      await party.ledger.tasks.requestStop('1', request(kind));
      const before = look.mock.calls.length;
      // A pause aborts nothing: it has been obeyed once there is a second look.
      const isObeyed = () => signal.aborted || look.mock.calls.length > before + 1;
      await vi.waitUntil(isObeyed, { timeout: 30_000, interval: 1 });
    },
  });

  await party.deploy();

  expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '3 items' });
});

describe('a deploy that ends', () => {
  it.each([
    ['rollback', 'aborted: the stack is rolling back'],
    ['delete', 'aborted: the stack is being deleted'],
  ] as const)('by a %s interrupts the task', async (cause, reason) => {
    party.add(
      '1',
      askingAtThird(async (runId) => {
        await sleep(20);
        await party.ledger.runs.requestCancel(runId, { cause, by: 'a stack', at: new Date().toISOString() });
      }),
    );

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'interrupted', reason });
  });

  it('by its deadline interrupts a task with a cursor, and fails one without', async () => {
    const untilAborted = (_item: unknown, { signal }: TaskContext) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    party
      .add('1', { items: numbers(1_000), process: () => sleep(5) })
      .add('2', { items: numbers(9), process: untilAborted });

    await party.deploy({ deadline: party.deadlineIn(100), versions: ['1'] });
    await party.deploy({ deadline: party.deadlineIn(100), versions: ['2'] });

    const interrupted = await party.record('1');
    expect(interrupted).toMatchObject({ state: 'interrupted', reason: 'deploy timeout' });
    expect(interrupted.cursor).toBe(interrupted.progress?.done);
    expect(interrupted.history).toMatchObject([{ state: 'interrupted', reason: 'deploy timeout' }]);
    expect(await party.record('2')).toMatchObject({ state: 'failed', reason: 'deploy timeout' });
  });

  it('is gone on from by the next', async () => {
    const seen: unknown[] = [];
    let delay = 5;
    party.add('1', { items: numbers(60), process: (item) => seen.push(item) && sleep(delay) });
    await party.deploy({ deadline: party.deadlineIn(100) });
    const { cursor } = await party.record('1');
    const before = seen.length;
    delay = 0;

    await party.deploy();

    expect(seen[before]).toBe(Number(cursor) + 1);
    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '60 items', attempt: 2 });
  });
});

describe('an invocation that was taken for dead', () => {
  it('stops as soon as it sees that another has the task', async () => {
    const seen: unknown[] = [];
    party.add('1', {
      items: numbers(100_000),
      async process(item) {
        seen.push(item);
        if (item === 5) await takeOver();
        else await sleep(1);
      },
    });
    const takeOver = async () => {
      const [task] = party.selection;
      if (task === undefined) throw new Error('no task');
      const now = Date.now() + 3_600_000;
      const { claimed } = await party.ledger.tasks.claim({
        task,
        runId: 'f'.repeat(32),
        asked: false,
        by: 'another',
        deployId: undefined,
        checksum: 'c0ffee',
        token: 'another',
        now: new Date(now).toISOString(),
        leaseUntil: new Date(now + 60_000).toISOString(),
      });
      expect(claimed).toBe(true);
    };

    await party.deploy();

    expect(seen.length).toBeLessThan(100_000);
    expect(await party.record('1')).toMatchObject({ state: 'running', owner: 'another' });
    expect(output.text()).toContain('somebody else has settled the task meanwhile');
  });
});

describe('a limit', () => {
  it('ends the run after so many items, over all its invocations', async () => {
    party.add('1', yieldingAtThird());
    const runId = await party.begin({ trigger: 'invoke', limit: 5 });

    await party.invoke(runId);
    const first = await party.record('1');
    await party.invoke(runId);

    expect(first).not.toHaveProperty('reason');
    expect(await party.record('1')).toMatchObject({
      state: 'interrupted',
      reason: 'limit of 5 items reached',
      cursor: 5,
      progress: { done: 5 },
    });
  });

  it('counts anew in the next run, and cuts a batch short', async () => {
    const batches: unknown[] = [];
    party.add('1', { items: numbers(9), batchSize: 3, processBatch: (items) => void batches.push(items) });

    for (let run = 0; run < 3; run++) {
      await party.invoke(await party.begin({ trigger: 'invoke', limit: 4 }));
    }

    expect(batches).toEqual([[1, 2, 3], [4], [5, 6, 7], [8], [9]]);
    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '9 items' });
  });

  it('of all items there are is no limit', async () => {
    party.add('1', { items: numbers(4), process: () => undefined });

    await party.invoke(await party.begin({ trigger: 'invoke', limit: 4 }));

    expect((await party.record('1')).state).toBe('succeeded');
  });
});

describe('from the start', () => {
  it('forgets where an earlier run stopped, not where this one did', async () => {
    const seen: unknown[] = [];
    party.add(
      '1',
      yieldingAtThird((item) => seen.push(item)),
    );
    await party.invoke(await party.begin({ trigger: 'invoke', limit: 2 }));
    const runId = await party.begin({ trigger: 'invoke', fromStart: true });

    await party.invoke(runId);
    await party.invoke(runId);

    expect(seen).toEqual([1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: '10 items' });
  });
});

describe('a dry run', () => {
  it('tells the task and leaves nothing but the attempt', async () => {
    const dryRuns: boolean[] = [];
    party.add('1', {
      items: numbers(20),
      process: async (_item, { dryRun }) => {
        dryRuns.push(dryRun);
        await sleep(1);
        return 1;
      },
    });
    await party.invoke(await party.begin({ trigger: 'invoke', limit: 2 }));
    const before = await party.record('1');
    const runId = await party.begin({ trigger: 'invoke', dryRun: true, limit: 3 });

    await party.invoke(runId);

    expect(dryRuns).toEqual([false, false, true, true, true]);
    const { history, owner, ...record } = await party.record('1');
    const { history: earlier, owner: _owner, ...rest } = before;
    expect(record).toEqual({ ...rest, attempt: 2, lastRun: runId });
    expect(history).toMatchObject([
      ...earlier,
      { attempt: 2, run: runId, state: 'dry run: interrupted', reason: 'limit of 3 items reached' },
    ]);
    expect(owner).not.toBe(before.owner);
  });

  it('of a task that never ran leaves it pending, with what came of it in the history', async () => {
    party.add('1', { items: numbers(20), process: () => 1 });

    await party.invoke(await party.begin({ trigger: 'invoke', dryRun: true }));

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'pending', attempt: 1, summary: 'pending' });
    expect(record.history).toMatchObject([{ state: 'dry run: succeeded', reason: '20 of 20 items changed' }]);
    expect(record).not.toHaveProperty('succeededAt');
    await party.deploy();
    expect((await party.record('1')).state).toBe('succeeded');
  });
});
