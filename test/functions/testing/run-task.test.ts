import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { list, source } from '../../../functions/sources/index.ts';
import { defineTask } from '../../../functions/task/index.ts';
import type { TaskRequest } from '../../../functions/task/middleware.ts';
import { runTask } from '../../../functions/testing/index.ts';

const items = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('a task with run', () => {
  it('gives its result and what it logged', async () => {
    const task = defineTask({
      run({ env, logger, environmentName }) {
        logger.warn('careful', { table: env.TABLE });
        console.log('in %s', environmentName);
        return { changed: 2 };
      },
    });

    const run = await runTask(task, { env: { TABLE: 'users' }, environmentName: 'staging' });

    expect(run).toMatchObject({ state: 'succeeded', result: { changed: 2 }, processed: 0 });
    expect(run.logs).toContainEqual({ level: 'warn', message: 'careful', table: 'users' });
    expect(run.logs).toContainEqual({ level: 'info', message: 'in staging' });
  });

  it('fails with what it threw, and where a variable is missing', async () => {
    const run = await runTask(
      defineTask({
        run({ env }) {
          return env.TABLE;
        },
      }),
    );

    expect(run.state).toBe('failed');
    expect(run.error?.message).toMatch(/TABLE.*environment/s);
  });

  it('is in doubt where it may not be repeated', async () => {
    const task = defineTask({
      delivery: 'at-most-once',
      run() {
        throw new Error('no answer');
      },
    });

    expect((await runTask(task)).state).toBe('in-doubt');
  });

  it('is tried again at once', async () => {
    let tries = 0;
    const task = defineTask({
      retries: 10,
      run() {
        tries += 1;
        if (tries < 11) throw new Error('not yet');
      },
    });

    expect((await runTask(task)).state).toBe('succeeded');
    expect(tries).toBe(11);
  });

  it('has its params checked, and secret ones kept out of what it says', async () => {
    const task = defineTask({
      params: v.object({ token: v.string() }),
      secretParams: ['token'],
      run({ params, logger }) {
        logger.info(`calling with ${params.token}`);
      },
    });

    const good = await runTask(task, { params: { token: 'sesame-open' } });
    const bad = await runTask(task, { params: { token: 1 } });

    expect(JSON.stringify(good)).not.toContain('sesame-open');
    expect(bad).toMatchObject({ state: 'failed', error: { message: expect.stringContaining('token') } });
  });

  it('runs inside its middlewares', async () => {
    const added = {
      before: (request: { context: object }) => void Object.assign(request.context, { tenant: 'acme' }),
    };
    const task = defineTask({
      middleware: [added],
      run: (ctx) => (ctx as unknown as { tenant: string }).tenant,
    });

    expect((await runTask(task)).result).toBe('acme');
  });

  it('ends at a checkpoint, and goes on from its cursor', async () => {
    const task = defineTask({
      async run({ cursor, checkpoint }) {
        for (let page = Number(cursor ?? 0) + 1; page <= 5; page++) {
          if (!(await checkpoint(page, { done: page, total: 5 }))) return;
        }
        return 'all pages';
      },
    });

    const first = await runTask(task, { stopAfter: 2 });
    const second = await runTask(task, { cursor: first.cursor });

    expect(first).toMatchObject({ state: 'interrupted', cursor: 2, progress: { done: 2, total: 5 } });
    expect(first.reason).toBeUndefined();
    expect(second).toMatchObject({ state: 'succeeded', result: 'all pages' });
  });

  it('fails where it goes on and on although its time is over', async () => {
    const task = defineTask({
      async run({ checkpoint, signal }) {
        for (let page = 1; !signal.aborted; page++) await checkpoint(page);
      },
    });

    expect(await runTask(task, { stopAfter: 2 })).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining('checkpoint answered false: return then') },
    });
  });

  it('ends in a dry run after some checkpoints as well', async () => {
    const task = defineTask({
      async run({ checkpoint }) {
        for (let page = 1; await checkpoint(page); page++);
      },
    });

    expect(await runTask(task, { dryRun: true, stopAfter: 3 })).toMatchObject({
      state: 'interrupted',
      cursor: 3,
    });
  });

  it('is cancelled by a signal', async () => {
    const cancel = new AbortController();
    const task = defineTask({
      async run({ checkpoint, signal }) {
        await checkpoint('page 1');
        setTimeout(() => cancel.abort(), 1);
        await sleep(60_000, undefined, { signal });
      },
    });

    expect(await runTask(task, { signal: cancel.signal })).toMatchObject({
      state: 'cancelled',
      cursor: 'page 1',
    });
  });

  it('that does not mind the signal is given up', async () => {
    const task = defineTask({ run: () => new Promise(() => undefined) });

    const run = await runTask(task, { signal: AbortSignal.abort() });

    expect(run).toMatchObject({
      state: 'cancelled',
      reason: expect.stringContaining('went on all the same'),
    });
  });

  it('cannot end the process', async () => {
    const task = defineTask({ run: () => process.exit(3) });

    const { exit } = process;
    const run = await runTask(task);

    expect(run).toMatchObject({
      state: 'failed',
      error: { message: 'process.exit(3) was called inside the task' },
    });
    expect(process.exit).toBe(exit);
  });

  it('is told of the tasks before it', async () => {
    const task = defineTask({
      when: 'every-deploy',
      run: async ({ deploy }) =>
        (await deploy.summary()).tasks.map(({ name, result }) => `${name}: ${result}`),
    });
    const before = { version: '1', name: 'import_prices', state: 'succeeded', result: '250 rows' } as const;

    expect((await runTask(task, { tasksBefore: [before] })).result).toEqual(['import_prices: 250 rows']);
  });

  it('is told of a dry run', async () => {
    const task = defineTask({ run: ({ dryRun }) => dryRun });

    expect((await runTask(task, { dryRun: true })).result).toBe(true);
    expect((await runTask(task)).result).toBe(false);
  });

  it('has one idempotency key however often it is run', async () => {
    const task = defineTask({ run: ({ idempotencyKey }) => idempotencyKey });

    const first = (await runTask(task)).result;
    await sleep(2);
    expect((await runTask(task, { attempt: 2 })).result).toBe(first);
    expect((await runTask(task, { idempotencyKey: 'once' })).result).toBe('once');
  });

  it('shows its middlewares the key that it is given', async () => {
    const seen: string[] = [];
    const task = defineTask({
      middleware: [{ before: ({ context }: TaskRequest) => void seen.push(context.idempotencyKey) }],
      run: () => undefined,
    });

    await runTask(task, { idempotencyKey: 'once' });

    expect(seen).toEqual(['once']);
  });
});

describe('a task with items', () => {
  const doubled: number[] = [];
  const task = defineTask({
    items: list(items(10)),
    process(item: number) {
      doubled.push(item * 2);
      return item % 2;
    },
  });

  it('processes those of its source, or those that it is given', async () => {
    const all = await runTask(task);
    const given = await runTask(task, { items: [7] });

    expect(all).toMatchObject({ state: 'succeeded', processed: 10, result: '5 of 10 items changed' });
    expect(given).toMatchObject({ state: 'succeeded', processed: 1 });
    expect(doubled.at(-1)).toBe(14);
  });

  it('stops after some, and goes on behind them', async () => {
    doubled.length = 0;

    const first = await runTask(task, { stopAfter: 4 });
    const second = await runTask(task, { cursor: first.cursor });

    expect(first).toMatchObject({ state: 'interrupted', processed: 4, progress: { done: 4, total: 10 } });
    expect(second).toMatchObject({ state: 'succeeded', processed: 6 });
    expect(doubled).toEqual(items(10).map((item) => item * 2));
  });

  it('counts on from where an earlier run had come', async () => {
    const first = await runTask(task, { stopAfter: 4 });
    const { cursor, progress } = first;

    expect(await runTask(task, { cursor, progress })).toMatchObject({
      processed: 6,
      result: '5 of 10 items changed',
    });
  });

  it('stops after as many items as it is told to, however slow they and their source are', async () => {
    const slow = defineTask({
      items: source<number>(async function* () {
        for (const item of items(5)) {
          await sleep(5);
          yield [item, item];
        }
      }),
      process: () => sleep(5),
    });

    for (const stopAfter of [1, 2, 3]) {
      expect(await runTask(slow, { stopAfter })).toMatchObject({
        state: 'interrupted',
        processed: stopAfter,
      });
    }
  });

  it('finishes what it has begun when it stops', async () => {
    const wide = defineTask({
      items: list(items(10)),
      concurrency: 4,
      process: (item, { signal }) => sleep(item, undefined, { signal }),
    });

    const run = await runTask(wide, { stopAfter: 1 });

    expect(run).toMatchObject({ state: 'interrupted', progress: { done: run.processed } });
    expect(run.processed).toBeLessThanOrEqual(5);
  });

  it('does not ask for a count of items that it is given', async () => {
    const counted = defineTask({
      items: list(items(3)),
      count() {
        throw new Error('no database');
      },
      process: () => undefined,
    });

    expect(await runTask(counted, { items: ['a', 'b'] })).toMatchObject({ progress: { done: 2, total: 2 } });
    expect((await runTask(counted)).state).toBe('failed');
  });

  it('says at which item it failed, and goes on there', async () => {
    let isBroken = true;
    const fragile = defineTask({
      items: list(items(5)),
      process(item) {
        if (item === 3 && isBroken) throw new Error('item 3 is broken');
      },
    });

    const first = await runTask(fragile);
    isBroken = false;
    const second = await runTask(fragile, { cursor: first.cursor });

    expect(first).toMatchObject({ state: 'failed', processed: 2, error: { item: '3' } });
    expect(first.error?.position).toMatch(/item 3/);
    expect(second).toMatchObject({ state: 'succeeded', processed: 3 });
  });

  it('passes over the waits of its rate, and ends where it holds itself back', async () => {
    const slow = defineTask({ items: list(items(1_000)), rate: 0.001, process: () => undefined });
    let asked = 0;
    const heldBack = defineTask({
      items: list(items(3)),
      pauseWhile() {
        asked += 1;
        return true;
      },
      process: () => undefined,
    });

    expect(await runTask(slow)).toMatchObject({ state: 'succeeded', processed: 1_000 });
    expect(await runTask(heldBack)).toMatchObject({ state: 'interrupted', processed: 0 });
    expect(asked).toBe(3);
  });

  it('reads an own source, and resumes it', async () => {
    const pages = defineTask({
      items: source<string>(async function* (cursor) {
        for (let page = Number(cursor ?? 0); page < 4; page++) yield [`page ${page}`, page + 1];
      }),
      concurrency: 2,
      process: () => sleep(1),
    });

    const first = await runTask(pages, { stopAfter: 1 });

    expect(first.state).toBe('interrupted');
    expect(await runTask(pages, { cursor: first.cursor })).toMatchObject({
      state: 'succeeded',
      processed: 4 - first.processed,
    });
  });
});

describe('a split task', () => {
  const tenants = defineTask({
    forEach: async ({ env }) => env.TENANTS?.split(',') ?? [],
    run: ({ key, idempotencyKey }) => `${key} ${idempotencyKey}`,
  });

  it('says into what it is split', async () => {
    const run = await runTask(tenants, { env: { TENANTS: 'acme,globex' } });

    expect(run).toMatchObject({ state: 'fanned-out', children: [{ key: 'acme' }, { key: 'globex' }] });
    expect(await runTask(tenants, { env: { TENANTS: 'acme,acme' } })).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining('as key 1 is') },
    });
  });

  it('runs one child', async () => {
    const acme = await runTask(tenants, { key: 'acme' });
    const globex = await runTask(tenants, { key: 'globex' });
    const halves = defineTask({ shards: 2, run: ({ shard }) => shard });

    expect(acme.result).toMatch(/^acme /);
    expect(String(acme.result).split(' ')[1]).not.toBe(String(globex.result).split(' ')[1]);
    await sleep(2);
    expect((await runTask(tenants, { key: 'acme', attempt: 2 })).result).toBe(acme.result);
    expect((await runTask(halves, { shard: { index: 1, count: 2 } })).result).toEqual({ index: 1, count: 2 });
    expect((await runTask(halves)).children).toEqual([
      { shard: { index: 0, count: 2 } },
      { shard: { index: 1, count: 2 } },
    ]);
  });
});

describe('runTask', () => {
  it('keeps the logs of tasks apart that run at the same time', async () => {
    const task = defineTask({
      async run({ env }) {
        await sleep(5);
        console.log(env.WHO);
        await sleep(5);
        console.log(env.WHO);
      },
    });
    const said = async (who: string) =>
      (await runTask(task, { env: { WHO: who } })).logs.filter(({ message }) => !message.startsWith('task '));

    const logs = await Promise.all(['a', 'b', 'c'].map(said));

    expect(logs.map((lines) => lines.map(({ message }) => message))).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
  });

  it('leaves the console and the output as they were, and says nothing itself', async () => {
    const { log } = console;
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const before = process.stdout.write;

    const lines: string[] = [];
    await runTask(defineTask({ run: () => console.log('hello') }), {
      onLog: ({ message }) => lines.push(message),
    });

    expect(console.log).toBe(log);
    expect(process.stdout.write).toBe(before);
    expect(write).not.toHaveBeenCalled();
    write.mockRestore();
    expect(lines).toContain('hello');
  });

  it.each([
    [{ stopAfter: 0 }, 'stopAfter is 0: give a whole number above 0'],
    [{ stopAfter: 1.5 }, 'stopAfter is 1.5: give'],
    [{ attempt: 0 }, 'attempt is 0: give a whole number above 0'],
    [{ items: [1] }, 'items were given for a task that has none: leave them out'],
    [{ key: 'acme' }, 'a key was given for a task without "forEach": leave it out'],
    [{ shard: { index: 0, count: 1 } }, 'a shard was given for a task without "shards": leave it out'],
    [{ params: { days: 1 } }, 'params were given for a task without "params": give the task a schema'],
    [{ cursor: new Date() as never }, 'the cursor given to runTask is not JSON: it is or holds a Date'],
    [{ env: { PORT: 3000 as never } }, 'env.PORT is 3000: give a text'],
    [{ signal: {} as never }, 'signal is {}: give an AbortSignal'],
    [{ dryrun: true } as never, 'unknown option "dryrun": did you mean "dryRun"?'],
    [{ database: true } as never, 'unknown option "database": the options are env, params'],
  ])('refuses %j for a task that has no use for it', async (options, message) => {
    await expect(runTask(defineTask({ run: () => undefined }), options)).rejects.toThrow(message);
  });

  it.each([{ items: [1] }, { cursor: { index: 1 } }, { stopAfter: 1 }])(
    'refuses %j where it is not said for which child',
    async (options) => {
      const task = defineTask({ shards: 2, items: () => list([1]), process: () => undefined });

      await expect(runTask(task, options)).rejects.toThrow(/was given for a task that is split: .*the shard/);
      const child = { ...options, shard: { index: 0, count: 1 } };
      expect((await runTask(task, child)).state).toBe('succeeded');
    },
  );

  it('keeps lines of level debug where it is told to', async () => {
    const task = defineTask({ run: ({ logger }) => logger.debug('a detail') });
    const levels = async () => (await runTask(task)).logs.map(({ level }) => level);

    expect(await levels()).not.toContain('debug');
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG');
    expect(await levels()).toContain('debug');
    vi.unstubAllEnvs();
  });

  it('does not wait for timers that the test has faked', async () => {
    let failures = 2;
    let isBusy = true;
    const task = defineTask({
      items: list(items(3)),
      retries: 2,
      pauseWhile() {
        isBusy = !isBusy;
        return !isBusy;
      },
      async process() {
        failures -= 1;
        if (failures >= 0) throw new Error('not yet');
      },
    });
    const toFake = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'Date'] as const;
    vi.useFakeTimers({ toFake: [...toFake] });
    onTestFinished(() => void vi.useRealTimers());

    expect(await runTask(task)).toMatchObject({ state: 'succeeded', processed: 3 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses what is no task, and a shard that is none', async () => {
    const task = defineTask({ shards: 2, run: () => undefined });

    await expect(runTask({ run() {} } as never)).rejects.toThrow('what is no task: give it');
    await expect(runTask({ default: task } as never)).rejects.toThrow('the default export');
    await expect(runTask(task, { shard: { index: 2, count: 2 } })).rejects.toThrow(
      'shard is {"index":2,"count":2}',
    );
  });
});
