import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { claimOf } from '../../../functions/ledger/claim.ts';
import { Ledger, type StopRequest } from '../../../functions/ledger/index.ts';
import { dynamoScan, list } from '../../../functions/sources/index.ts';
import { defineTask, type KeyContext, type Shard, type TaskContext } from '../../../functions/task/index.ts';
import { FaultyTable, faults } from './faulty-table.ts';
import { numbers } from './numbers.ts';
import { ProcessEnded, type TestParty } from './party.ts';
import { database, output, party, setUpParty } from './set-up-party.ts';

setUpParty();

type Body = (ctx: TaskContext & KeyContext) => unknown;

/** Adds a task of three keys. */
function adding(run: Body, options: { delivery?: 'at-most-once' } = {}): TestParty {
  return party.addSplit('1', defineTask({ ...options, forEach: () => ['acme', 'beta', 'zeta'], run }));
}

const untilAborted = ({ signal }: TaskContext) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

function ask(kind: StopRequest['kind']): Promise<boolean> {
  return party.ledger.tasks.requestStop('1', { kind, by: 'arn:me', at: new Date().toISOString() });
}

/** What a later run does of the task before its children go on. */
async function reopen(runId: string): Promise<void> {
  const record = await party.record('1');
  const { children } = record;
  if (children === undefined) throw new Error('it has no children');
  const run = await party.ledger.runs.require(runId);
  await party.ledger.tasks.reopen({ ...record, children }, run, new Date().toISOString());
}

/** What the controller does once no child is executed any more. */
async function settleTask(state: 'failed' | 'paused'): Promise<void> {
  const record = await party.record('1');
  await party.ledger.tasks.settle(record, { state }, new Date().toISOString(), { runId: String(record.run) });
}

async function states(): Promise<string[]> {
  return (await party.children('1')).map(({ state }) => state);
}

describe('a child', () => {
  it('is executed with its key, one at a time as the workflow says', async () => {
    const seen: string[] = [];
    adding(({ key }) => seen.push(key));

    const { runId } = await party.deploy();

    expect(seen).toEqual([]);
    await party.invoke(runId, { child: 2 });
    expect(seen).toEqual(['beta']);
    await party.invoke(runId, { child: 1 });
    expect(seen).toEqual(['beta', 'acme']);
    expect(await party.children('1')).toMatchObject([
      { state: 'succeeded', key: 'acme', attempt: 1, result: 2, lastRun: runId },
      { state: 'succeeded', key: 'beta', attempt: 1, result: 1, lastRun: runId },
      { state: 'pending', key: 'zeta', attempt: 0 },
    ]);
    expect((await party.record('1')).state).toBe('fanned-out');
  });

  it('fails alone, and a later run executes it alone', async () => {
    const seen: string[] = [];
    adding(({ key }) => {
      seen.push(key);
      if (key === 'beta' && seen.length <= 3) throw new Error('HTTP 503');
    });
    const { runId } = await party.deploy();

    await party.invokeChildren(runId, '1');

    expect(await states()).toEqual(['succeeded', 'failed', 'succeeded']);
    expect(await party.child('1', 2)).toMatchObject({ error: { name: 'Error', message: 'HTTP 503' } });
    await settleTask('failed');
    const later = await party.begin();
    await reopen(later);
    await party.invokeChildren(later, '1');
    expect(seen).toEqual(['acme', 'beta', 'zeta', 'beta']);
    expect(await states()).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect((await party.child('1', 2)).attempt).toBe(2);
  });

  it('that is delivered at most once is in doubt alone, and stays so', async () => {
    const seen: string[] = [];
    const run: Body = ({ key }) => {
      seen.push(key);
      if (key === 'beta') throw new Error('HTTP 503');
    };
    adding(run, { delivery: 'at-most-once' });
    const { runId } = await party.deploy();

    await party.invokeChildren(runId, '1');

    expect(await states()).toEqual(['succeeded', 'in-doubt', 'succeeded']);
    await settleTask('failed');
    const later = await party.begin();
    await reopen(later);
    await party.invokeChildren(later, '1');
    expect(seen).toEqual(['acme', 'beta', 'zeta']);
  });

  it('has an idempotency key of its own, the same in every attempt at it', async () => {
    const keys = new Map<string, Set<string>>();
    let [attempts, shouldFail] = [0, true];
    adding(({ key, idempotencyKey }) => {
      attempts += 1;
      keys.set(key, (keys.get(key) ?? new Set()).add(idempotencyKey));
      if (shouldFail) throw new Error('HTTP 503');
    });
    const { runId } = await party.deploy();
    await party.invokeChildren(runId, '1');
    await settleTask('failed');
    const later = await party.begin();
    await reopen(later);
    shouldFail = false;

    await party.invokeChildren(later, '1');

    expect(attempts).toBe(6);
    const all = [...keys.values()].flatMap((own) => [...own]);
    expect([all.length, new Set(all).size]).toEqual([3, 3]);
    // Split anew, its work is new work.
    await settleTask('failed');
    const anew = await party.begin({ trigger: 'invoke', fromStart: true });
    await party.invoke(anew);
    await party.invokeChildren(anew, '1');
    expect(new Set([...keys.values()].flatMap((own) => [...own])).size).toBe(6);
  });

  it('says on each line which it is, without secrets', async () => {
    party.addSplit(
      '1',
      defineTask({
        forEach: () => ['tenant-s3cret-word'],
        params: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
        secretParams: ['token'],
        run({ logger }) {
          logger.info('hello', { key: 'not mine', tenant: 7 });
          throw new Error('at the end');
        },
      }),
    );
    party.addSplit('2', defineTask({ shards: 64, run: () => console.log('of a shard') }));
    const runId = await party.begin({
      trigger: 'invoke',
      params: { token: 's3cret-word' },
      secretParams: ['token'],
    });
    await party.invoke(runId, { versions: ['1'] });
    await party.invoke(runId, { versions: ['2'] });

    await party.invoke(runId, { versions: ['1'], child: 1 });
    await party.invoke(runId, { versions: ['2'], child: 7 });

    const lines = output.lines();
    expect(lines.find(({ message }) => message === 'hello')).toMatchObject({
      ...{ version: '1', task: 'task_1', run: runId, attempt: 1, tenant: 7 },
      key: 'tenant-[redacted]',
    });
    expect(lines.find(({ message }) => message === 'of a shard')).toMatchObject({
      shard: '7/64',
      version: '2',
    });
    expect(output.text()).not.toContain('s3cret-word');
    const { logs = [] } = await party.child('1', 1);
    expect(logs.find((line) => line.includes('hello'))).toMatch(/INFO hello \{"tenant":7\}$/);
  });

  it('is judged by what its file says now', async () => {
    adding(() => 'never');
    const { runId } = await party.deploy();
    party.rewrite('1', defineTask({ shards: 3, run: () => 'all of it, three times' }));

    await party.invoke(runId, { child: 1 });

    expect((await party.child('1', 1)).error?.message).toContain(
      'the task was split into keys, and its file no longer has "forEach": give it "forEach" again',
    );
    party.rewrite('1', defineTask({ run: () => 'all of it' }));
    await party.invoke(runId, { child: 2 });
    expect(await states()).toEqual(['failed', 'failed', 'pending']);
  });

  it('is none where its file has stopped to split the task before it was planned', async () => {
    adding(() => 'never', { delivery: 'at-most-once' });
    party.rewrite(
      '1',
      defineTask({ delivery: 'at-most-once', run: () => Promise.reject(new Error('HTTP 503')) }),
    );

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'in-doubt', error: { message: 'HTTP 503' } });
  });

  it('that ends the process, or that a crash has left, is settled and executed again', async () => {
    let shouldExit = true;
    adding(() => (shouldExit ? process.exit(1) : 'done'));
    const { runId } = await party.deploy();

    await expect(party.invoke(runId, { child: 1 })).rejects.toThrow(ProcessEnded);

    expect(await party.child('1', 1)).toMatchObject({ state: 'failed', error: { name: 'ProcessExit' } });
    await settleTask('failed');
    const later = await party.begin();
    await reopen(later);
    shouldExit = false;
    await party.invokeChildren(later, '1');
    expect(await states()).toEqual(['succeeded', 'succeeded', 'succeeded']);
  });

  it('is executed dry: nothing of it is recorded but that', async () => {
    const seen: unknown[] = [];
    adding(({ key, dryRun }) => seen.push([key, dryRun]));
    await party.deploy();
    await settleTask('failed');
    const runId = await party.begin({ trigger: 'invoke', dryRun: true, children: [2] });

    await party.invoke(runId, { child: 2 });

    expect(seen).toEqual([['beta', true]]);
    const { state, attempt, key, plan, history } = await party.child('1', 2);
    expect([state, attempt, key, plan]).toEqual([
      'pending',
      1,
      'beta',
      (await party.record('1')).children?.plan,
    ]);
    expect(history).toMatchObject([{ state: 'dry run: succeeded', run: runId }]);
    expect((await party.record('1')).state).toBe('failed');
  });
});

describe('a child is left alone', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('while another call executes it, race %d', async () => {
    let executed = 0;
    adding(async () => {
      executed += 1;
      await sleep(1);
    });
    const { runId } = await party.deploy();

    await Promise.all([1, 2, 3].map(() => party.invoke(runId, { child: 1 })));

    expect(executed).toBe(1);
    expect(await party.child('1', 1)).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  it('once it has succeeded in its run, however often it is called', async () => {
    let executed = 0;
    adding(() => {
      executed += 1;
    });
    const runId = await party.begin({ trigger: 'invoke' });
    await party.invoke(runId);

    for (let call = 0; call < 3; call++) await party.invoke(runId, { child: 1 });

    expect(executed).toBe(1);
  });

  it.each([
    [
      'its run is cancelled',
      (runId: string) =>
        party.ledger.runs.requestCancel(runId, {
          cause: 'person',
          by: 'arn:me',
          at: new Date().toISOString(),
        }),
    ],
    ['its task is paused', () => ask('pause')],
    ['its task is cancelled', () => ask('cancel')],
    ['its task is settled', () => settleTask('failed')],
    [
      'another run has taken its task over',
      async () => {
        await settleTask('failed');
        await reopen(await party.begin());
      },
    ],
    [
      'its task was split anew',
      async () => {
        await settleTask('failed');
        await party.invoke(await party.begin({ trigger: 'invoke', fromStart: true }));
      },
    ],
  ])('where %s before it began', async (_what, happens: (runId: string) => Promise<unknown>) => {
    adding(() => expect.unreachable());
    const runId = await party.begin({ trigger: 'invoke' });
    await party.invoke(runId);
    await happens(runId);

    await party.invoke(runId, { child: 1 });

    expect(await party.child('1', 1)).toMatchObject({ state: 'pending', attempt: 0, key: 'acme' });
  });

  it('by a late call of a run that another has taken its task over from, though it succeeded since', async () => {
    const executed: string[] = [];
    adding(({ deploy }) => executed.push(deploy.runId));
    const [first, second] = [await party.begin({ trigger: 'invoke' }), await party.begin()];
    await party.invoke(first);
    await settleTask('failed');
    await reopen(second);
    await party.invoke(second, { child: 1 });
    const before = await party.child('1', 1);

    await party.invoke(first, { child: 1 });

    expect(executed).toEqual([second]);
    expect(await party.child('1', 1)).toEqual(before);
  });
});

describe('what people ask of a task', () => {
  it('a pause: each child stops at its next boundary, and goes on from there', async () => {
    party.addSplit(
      '1',
      defineTask({
        forEach: () => ['acme', 'beta'],
        items: ({ key }) => list(Array.from({ length: 200 }, (_, index) => `${key} ${index}`)),
        process: async (item) => {
          if (item === 'acme 5') await ask('pause');
          await sleep(1);
        },
      }),
    );
    const { runId } = await party.deploy();

    await party.invoke(runId, { child: 1 });

    const child = await party.child('1', 1);
    const done = child.progress?.done ?? 0;
    expect(child).toMatchObject({ state: 'paused', by: 'arn:me', cursor: expect.anything() });
    expect(done).toBeGreaterThan(5);
    expect(done).toBeLessThan(200);
    expect((await party.record('1')).state).toBe('fanned-out');
    await settleTask('paused');
    const later = await party.begin({ trigger: 'invoke' });
    await reopen(later);
    await party.invokeChildren(later, '1');
    expect(await party.child('1', 1)).toMatchObject({
      state: 'succeeded',
      progress: { done: 200, before: done },
    });
  });

  it('a cancel: each child is aborted', async () => {
    adding(async (ctx) => {
      await ask('cancel');
      await untilAborted(ctx);
    });
    const { runId } = await party.deploy();

    await party.invoke(runId, { child: 1 });

    expect(await party.child('1', 1)).toMatchObject({ state: 'cancelled', by: 'arn:me' });
  });

  it('a cancel of its run, and the deadline of a deploy', async () => {
    adding(untilAborted);
    const { runId } = await party.deploy();

    await party.invoke(runId, { child: 1, deadline: party.deadlineIn(100) });
    const cancelled = party.invoke(runId, { child: 2 });
    await party.ledger.runs.requestCancel(runId, {
      cause: 'rollback',
      by: 's',
      at: new Date().toISOString(),
    });
    await cancelled;

    expect(await party.child('1', 1)).toMatchObject({ state: 'failed', reason: 'deploy timeout' });
    expect(['pending', 'failed']).toContain((await party.child('1', 2)).state);
  });

  it('that comes too late does not undo a success', async () => {
    adding(async () => {
      await ask('cancel');
      return 'done';
    });
    const { runId } = await party.deploy();

    await party.invoke(runId, { child: 1 });

    expect(await party.child('1', 1)).toMatchObject({ state: 'succeeded', result: 'done' });
  });

  it('stops a child whose task somebody has settled', async () => {
    adding(async (ctx) => {
      await settleTask('failed');
      await untilAborted(ctx);
    });
    const { runId } = await party.deploy();

    await party.invoke(runId, { child: 1 });

    expect(await party.child('1', 1)).toMatchObject({
      state: 'failed',
      reason: 'somebody else has settled the task',
    });
  });

  it('a rate: each child has its share, also of what is set meanwhile', async () => {
    const items = list(Array.from({ length: 6 }, (_, index) => index));
    const startedAt: number[] = [];
    party.addSplit(
      '1',
      defineTask({
        shards: 2,
        rate: 1,
        items: () => items,
        process: () => startedAt.push(Date.now()),
      }),
    );
    const { runId } = await party.deploy();
    const took = () => (startedAt.at(-1) ?? 0) - (startedAt[0] ?? 0);
    await party.ledger.tasks.setRate('1', 10);

    await party.invoke(runId, { child: 1, share: 0.5 });

    // Five pauses of 200 ms, whatever the machine does; of the timers, a millisecond each may be missing.
    const slow = took();
    expect(slow).toBeGreaterThanOrEqual(5 * 199);
    startedAt.length = 0;
    await party.ledger.tasks.setRate('1', 4_000);
    await party.invoke(runId, { child: 2, share: 0.5 });
    expect(took()).toBeLessThan(slow);
  });

  it('a rate that each save of a child leaves as it is', async () => {
    party.setTiming({ cancelPoll: 600_000, checkpoint: 0 });
    party.addSplit(
      '1',
      defineTask({ shards: 2, rate: 0.001, items: () => list([1, 2, 3, 4]), process: () => sleep(5) }),
    );
    const { runId } = await party.deploy();
    await party.ledger.tasks.setRate('1', 1_000);

    await party.invoke(runId, { child: 1 });

    expect((await party.child('1', 1)).state).toBe('succeeded');
  });

  it('a rate that is set while a child is executed', async () => {
    party.addSplit(
      '1',
      defineTask({
        shards: 2,
        // At this rate its items would take hours.
        rate: 0.001,
        items: () => list([1, 2, 3]),
        process: (item) => (item === 1 ? party.ledger.tasks.setRate('1', 1_000) : undefined),
      }),
    );
    const { runId } = await party.deploy();

    await party.invoke(runId, { child: 1, share: 0.5 });

    expect(await party.child('1', 1)).toMatchObject({ state: 'succeeded', result: '3 items' });
  });
});

describe('a shard', () => {
  it('reads its part of a source that splits itself, and goes on there with as many shards as it began with', async () => {
    const read: [number, Shard | undefined, unknown][] = [];
    let shouldFail = true;
    const scan = (shards: number) =>
      defineTask({
        shards,
        items: numbers(16, {
          splits: true,
          count: 16,
          before: (number, { shard, cursor }) => read.push([number, shard, cursor]),
        }),
        process(number) {
          if (number === 6 && shouldFail) throw new Error('HTTP 503');
          return 1;
        },
      });
    party.addSplit('1', scan(4));
    const { runId } = await party.deploy();
    await party.invokeChildren(runId, '1');
    expect(await party.child('1', 2)).toMatchObject({
      ...{ state: 'failed', cursor: 2, shard: { index: 1, count: 4 } },
      progress: { done: 1, total: 4 },
    });
    await settleTask('failed');
    party.rewrite('1', scan(2));
    shouldFail = false;
    read.length = 0;

    await party.deploy();
    expect((await party.record('1')).state).toBe('failed');
    const later = await party.begin();
    await reopen(later);
    await party.invokeChildren(later, '1');

    expect(read.map(([number]) => number)).toEqual([6, 10, 14]);
    expect(read.every(([, shard, cursor]) => shard?.count === 4 && shard.index === 1 && cursor === 2)).toBe(
      true,
    );
    expect((await party.children('1')).map(({ result }) => result)).toEqual(
      Array.from({ length: 4 }, () => '4 of 4 items changed'),
    );
  });

  it('of a real scan, failed at each of its items, processes every item', async () => {
    await database.createTable('items');
    const rows = Array.from({ length: 25 }, (_, index) => ({
      PutRequest: { Item: { pk: `p${index}`, sk: 's' } },
    }));
    await database.client.send(new BatchWriteCommand({ RequestItems: { items: rows } }));
    const completed: string[] = [];
    const failed = new Set<string>();
    party.addSplit(
      '1',
      defineTask({
        shards: 3,
        items: dynamoScan<{ pk: string }>({ client: database.client, TableName: 'items', Limit: 2 }),
        process({ pk }) {
          if (!failed.has(pk)) {
            failed.add(pk);
            throw new Error('HTTP 503');
          }
          completed.push(pk);
        },
      }),
    );
    let { runId } = await party.deploy();

    for (let run = 0; run <= 25; run++) {
      await party.invokeChildren(runId, '1');
      if ((await states()).every((state) => state === 'succeeded')) break;
      await settleTask('failed');
      runId = await party.begin();
      await reopen(runId);
    }

    expect(await states()).toEqual(['succeeded', 'succeeded', 'succeeded']);
    // The first failure of each ended an attempt; what was completed before was not repeated.
    expect(completed.toSorted()).toEqual(rows.map(({ PutRequest }) => PutRequest.Item.pk).toSorted());
  });

  it('of what does not split itself is told which it is, also by a count of its own', async () => {
    const seen: string[] = [];
    party.addSplit(
      '1',
      defineTask({
        shards: 2,
        items: ({ shard }) =>
          list(['a', 'b', 'c', 'd'].filter((_, index) => index % shard.count === shard.index)),
        count: ({ shard }) => (shard.index === 0 ? 10 : 20),
        process: (item, { shard }) => void seen.push(`${item}${shard.index}`),
      }),
    );
    const { runId } = await party.deploy();

    await party.invoke(runId, { child: 2 });
    await party.invoke(runId, { child: 1 });

    expect(seen).toEqual(['b1', 'd1', 'a0', 'c0']);
    expect((await party.children('1')).map(({ progress }) => progress?.total)).toEqual([10, 20]);
  });

  it('divides a count of all items where the source splits itself', async () => {
    party.addSplit(
      '1',
      defineTask({ shards: 4, items: numbers(8, { splits: true }), count: () => 1_000, process: () => 1 }),
    );
    const { runId } = await party.deploy();

    await party.invoke(runId, { child: 1 });

    expect((await party.child('1', 1)).progress).toMatchObject({ done: 2, total: 250 });
  });

  it('of one child that was chosen keeps to the limit', async () => {
    party.addSplit('1', defineTask({ shards: 2, items: numbers(20, { splits: true }), process: () => 1 }));
    await party.deploy();
    await settleTask('failed');
    const runId = await party.begin({ trigger: 'invoke', children: [1], limit: 3 });
    await reopen(runId);

    await party.invoke(runId, { child: 1 });

    expect(await party.child('1', 1)).toMatchObject({
      state: 'interrupted',
      progress: { done: 3 },
      reason: 'limit of 3 items reached',
    });
  });
});

/** What the controller does of an invocation that died. */
async function settleAsCrashed(number: number): Promise<void> {
  const record = await party.child('1', number);
  const claim = claimOf(record);
  if (claim === undefined) return;
  const { cursor, progress } = record;
  await party.ledger
    .children('1')
    .at(number)
    .finish(claim, { state: 'failed', cursor, ...(progress && { progress }) }, new Date().toISOString());
}

describe.each(faults)('a child whose process dies %s a write', (fault) => {
  it.each([1, 2, 3])(
    'number %d is executed to its end by a later run, from where it was saved',
    async (at) => {
      const seen: number[] = [];
      party.setTiming({ checkpoint: 0 });
      party.addSplit(
        '1',
        defineTask({
          forEach: () => ['acme'],
          items: numbers(5),
          async process(number) {
            seen.push(Number(number));
            // Time for a save to be made.
            await sleep(5);
          },
        }),
      );
      const { runId } = await party.deploy();
      const table = new FaultyTable(database.client, party.ledger.id, at, fault);
      const { ports } = party;
      party.ports = { ...ports, ledger: new Ledger(table) };

      await party.invoke(runId, { child: 1 }).catch(() => undefined);

      party.ports = ports;
      await settleAsCrashed(1);
      const { cursor, state } = await party.child('1', 1);
      const before = seen.splice(0);
      await settleTask('failed');
      const later = await party.begin();
      await reopen(later);
      await party.invokeChildren(later, '1');
      expect(table.sites.slice(0, 2)).toEqual(
        ['child.claim', 'child.checkpoint'].slice(0, table.sites.length),
      );
      expect((await party.child('1', 1)).state).toBe('succeeded');
      expect(seen[0]).toBe(state === 'succeeded' ? undefined : Number(cursor ?? 0) + 1);
      expect(new Set([...before, ...seen])).toEqual(new Set([1, 2, 3, 4, 5]));
    },
  );
});
