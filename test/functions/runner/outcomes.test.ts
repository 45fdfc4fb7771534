import type middy from '@middy/core';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import type { TaskContext } from '../../../functions/task/index.ts';
import { output, party, setUpParty } from './set-up-party.ts';

setUpParty();

function circularError(): Error {
  const error = new Error('a');
  error.cause = new Error('b', { cause: error });
  return error;
}

function severalErrors(): Error {
  const refused = ['::1', '127.0.0.1'].map((address) => new Error(`refused ${address}`));
  return new TypeError('gone', { cause: new AggregateError(refused) });
}

describe('a task that returns', () => {
  it('is recorded as succeeded with its result, its time and its checksum', async () => {
    party.add('1', { run: async () => ({ changed: 37 }) });

    const { runId, report } = await party.deploy();

    expect(report).toEqual({ v: 1, runId });
    expect(await party.record('1')).toMatchObject({
      state: 'succeeded',
      result: { changed: 37 },
      attempt: 1,
      checksum: 'c0ffee',
      lastRun: runId,
      succeededAt: expect.any(String),
    });
  });

  it('may return at once, or nothing', async () => {
    party.add('1', { run: () => 'rows' }).add('2', { run: () => undefined });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: 'rows' });
    expect((await party.record('2')).result).toBeUndefined();
  });

  it('has succeeded also where its result cannot be kept, which is said in its place', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    party
      .add('1', { run: () => 'ü'.repeat(3000) })
      .add('2', { run: () => cyclic })
      .add('3', { run: () => 1n });

    await party.deploy();

    expect(await party.states()).toEqual({ 1: 'succeeded', 2: 'succeeded', 3: 'succeeded' });
    expect((await party.record('1')).result).toBe('not kept: 6002 bytes of JSON, of which at most 4096 are');
    expect((await party.record('2')).result).toContain('not kept, as it is no JSON: ');
    expect((await party.record('3')).result).toContain('BigInt');
  });
});

describe('a task that throws', () => {
  it.each([
    ['causes that go round in a circle', () => circularError(), /^a \(cause: b \(cause: a .*\)$/],
    [
      'a cause that stands for several',
      () => severalErrors(),
      'gone (cause: refused ::1, refused 127.0.0.1)',
    ],
    [
      'a cause that it quotes',
      () => new Error('not imported: HTTP 503', { cause: new Error('HTTP 503') }),
      /^not imported: HTTP 503$/,
    ],
    ['a very long word', () => new Error('x'.repeat(300_000)), /^x{1021}…$/],
    ['a very long name', () => Object.assign(new Error('a'), { name: 'N'.repeat(300_000) }), 'a'],
  ])('is recorded as failed with %s', async (_, create, message) => {
    party.add('1', { run: () => Promise.reject(create()) });

    await party.deploy();

    const { state, error } = await party.record('1');
    expect(state).toBe('failed');
    expect(error?.message).toMatch(message);
    expect(JSON.stringify(error).length).toBeLessThan(6_000);
  });

  it('is recorded as failed with the error, its place and the last log lines, and ends the list', async () => {
    const error = new TypeError("Cannot read properties of undefined (reading 'trim')");
    error.stack = `${error.name}: ${error.message}\n    at process (file:///var/task/x/1_task_1.ts:14:31)`;
    party
      .add('1', {
        run({ logger }) {
          for (let line = 1; line <= 25; line++) logger.info(`line ${line}`, { line });
          throw error;
        },
      })
      .add('2', { run: () => 'not reached' });

    await party.deploy();

    const record = await party.record('1');
    expect(record).toMatchObject({
      state: 'failed',
      error: {
        name: 'TypeError',
        message: error.message,
        at: 'tasks/1_task_1.ts:14',
        stack: `TypeError: ${error.message}\n    at process (tasks/1_task_1.ts:14:31)`,
      },
    });
    expect(record.logs).toHaveLength(20);
    expect(record.logs?.at(-1)).toMatch(/^\d{4}-.*Z INFO line 25 \{"line":25\}$/);
    expect(await party.states()).toEqual({ 1: 'failed' });
  });

  it('lets those behind it run where its failure is only to be said', async () => {
    party
      .add('1', { run: () => Promise.reject(new Error('no')) }, { onFailure: 'continue' })
      .add('2', { run: () => 'done' });

    await party.deploy();

    expect(await party.states()).toEqual({ 1: 'failed', 2: 'succeeded' });
  });

  it('keeps at most 4 KB of the stack and names the causes', async () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:1');
    const error = new Error('fetch failed', { cause });
    error.stack = `Error: fetch failed\n${'    at somewhere (ü.js:1:1)\n'.repeat(500)}`;
    party.add('1', { run: () => Promise.reject(error) });

    await party.deploy();

    const recorded = (await party.record('1')).error;
    expect(recorded?.message).toBe('fetch failed (cause: connect ECONNREFUSED 127.0.0.1:1)');
    expect(Buffer.byteLength(recorded?.stack ?? '')).toBeLessThanOrEqual(4096);
    expect(recorded?.stack).not.toContain('\uFFFD');
  });

  it.each([
    ['a text', 'out of order', 'out of order'],
    ['an object', { code: 7 }, '{ code: 7 }'],
    ['nothing', undefined, 'undefined'],
  ])('is recorded also where it throws %s', async (_what, thrown, message) => {
    party.add('1', {
      run() {
        throw thrown;
      },
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'failed', error: { name: 'Error', message } });
  });

  it('is attempted again by the next deploy, which is counted', async () => {
    let works = false;
    const keys: string[] = [];
    party.add('1', {
      run({ idempotencyKey }) {
        keys.push(idempotencyKey);
        if (!works) throw new Error('HTTP 503');
      },
    });
    await party.deploy();
    works = true;

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'succeeded',
      attempt: 2,
    });
    expect(await party.record('1')).not.toHaveProperty('error');
    expect(new Set(keys).size).toBe(1);
  });
});

describe('an at-most-once task', () => {
  it('is in doubt once it has thrown, and not tried again', async () => {
    const run = vi.fn(() => Promise.reject(new Error('the mail server hung up')));
    party.add('1', { delivery: 'at-most-once', run });

    await party.deploy();
    await party.deploy();

    expect(run).toHaveBeenCalledTimes(1);
    expect(await party.record('1')).toMatchObject({
      state: 'in-doubt',
      error: { message: 'the mail server hung up' },
    });
  });

  it('has only failed where its own function was never called', async () => {
    const failing: middy.MiddlewareObj = {
      before: () => {
        throw new Error('no such secret');
      },
    };
    party.add('1', { delivery: 'at-most-once', middleware: [failing], run: () => 'sent' });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'failed', error: { message: 'no such secret' } });
  });
});

describe('a module', () => {
  it('that does not load fails as its task', async () => {
    party.add('1', () => Promise.reject(new SyntaxError('Unexpected token')));

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      error: { name: 'SyntaxError', message: 'Unexpected token' },
    });
  });

  it.each([
    ['no default export', {}],
    ['a default export that is no task', { default: { run: () => 1 } }],
  ])('with %s fails as its task', async (what, module) => {
    party.add('1', async () => module);

    await party.deploy();

    expect((await party.record('1')).error?.message).toContain(`tasks/1_task_1.ts has ${what}`);
  });

  it('is not loaded before its turn', async () => {
    const load = vi.fn();
    party.add('1', { run: () => Promise.reject(new Error('no')) }).add('2', load);

    await party.deploy();

    expect(load).not.toHaveBeenCalled();
  });
});

describe('retries', () => {
  it('are made within one attempt, on a new context each', async () => {
    const contexts = new Set<TaskContext>();
    party.add('1', {
      retries: 2,
      run(ctx) {
        contexts.add(ctx);
        if (contexts.size < 3) throw new Error('busy');
        return 'third time';
      },
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'succeeded', result: 'third time', attempt: 1 });
    const pauses = output.lines().filter(({ level }) => level === 'WARN');
    expect(pauses.map(({ message }) => message)).toEqual([
      'try 1 failed, the next is in 2 s',
      'try 2 failed, the next is in 4 s',
    ]);
  });

  it('end with the last error', async () => {
    const run = vi.fn(() => Promise.reject(new Error('busy')));
    party.add('1', { retries: 1, run });

    await party.deploy();

    expect(run).toHaveBeenCalledTimes(2);
    expect(await party.record('1')).toMatchObject({ state: 'failed', error: { message: 'busy' } });
  });
});

describe('middlewares', () => {
  it('find the context and the Lambda context below it, and what they add is on the context', async () => {
    const seen: unknown[] = [];
    const secret: middy.MiddlewareObj = {
      before(request) {
        seen.push(request.event, request.context.awsRequestId.split('-')[0]);
        Object.assign(request.context, { secret: 's' });
      },
      after(request) {
        seen.push(request.response);
      },
    };
    party.add('1', { middleware: [secret], run: (ctx) => Reflect.get(ctx, 'secret') });

    await party.deploy();

    expect(seen).toEqual([{ version: '1', name: 'task_1', attempt: 1 }, 'request', 's']);
    expect((await party.record('1')).result).toBe('s');
  });

  it('that return early make the task fail, and it is not tried again', async () => {
    const before = vi.fn(() => 'cached');
    const run = vi.fn();
    party.add('1', { retries: 3, middleware: [{ before }], run });

    await party.deploy();

    expect(run).not.toHaveBeenCalled();
    expect(before).toHaveBeenCalledTimes(1);
    const { state, error } = await party.record('1');
    expect([state, error?.message]).toEqual([
      'failed',
      expect.stringContaining('a middleware returned before the task ran'),
    ]);
  });

  it('that swallow an error do not make the task succeed', async () => {
    party.add('1', {
      middleware: [{ onError: () => 'handled' }],
      run: () => Promise.reject(new Error('boom')),
    });

    await party.deploy();

    const { state, error } = await party.record('1');
    expect([state, error?.message]).toEqual([
      'failed',
      expect.stringContaining('a middleware swallowed the error of the task: boom'),
    ]);
  });

  it('that throw afterwards make the task fail', async () => {
    const after = () => {
      throw new Error('the transaction was not committed');
    };
    party.add('1', { middleware: [{ after }], run: () => 'done' });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      error: { message: 'the transaction was not committed' },
    });
  });
});

describe('params', () => {
  const params = v.object({
    from: v.pipe(v.string(), v.isoDate()),
    token: v.optional(v.pipe(v.string(), v.minLength(9, 'too short: 12345'))),
  });

  it('reach the task as its schema returns them', async () => {
    const run = vi.fn();
    party.add('1', { params: v.object({ from: v.pipe(v.string(), v.transform(Number)) }), run });

    await party.invoke(await party.begin({ trigger: 'invoke', params: { from: '12' } }));

    expect(run.mock.calls[0]?.[0].params).toEqual({ from: 12 });
  });

  it('are all checked before anything is claimed, secret ones without words', async () => {
    party
      .add('1', { run: () => 'no params' })
      .add('2', { params, secretParams: ['token'], run: () => 'not reached' });
    const runId = await party.begin({ trigger: 'invoke', params: { from: 'yesterday', token: '12345' } });

    const report = await party.invoke(runId);

    expect(report.paramsRefused).toHaveLength(1);
    expect(report.paramsRefused?.[0]?.version).toBe('2');
    expect(report.paramsRefused?.[0]?.message).toMatch(
      /^the params of task task_2 are refused: from: Invalid date.*; token: is not valid$/,
    );
    expect(await party.states()).toEqual({});
  });

  it('are refused in no more words than the workflow can carry', async () => {
    const wordy = v.object({
      a: v.pipe(
        v.string(),
        v.check(() => false, 'z'.repeat(300_000)),
      ),
    });
    for (let version = 1; version <= 25; version++) party.add(`${version}`, { params: wordy, run: () => 1 });
    const runId = await party.begin({ trigger: 'invoke', params: { a: 'x' } });

    const report = await party.invoke(runId);

    expect(report.paramsRefused).toHaveLength(20);
    expect(JSON.stringify(report).length).toBeLessThan(30_000);
  });

  it('that are missing in a deploy fail the task by name', async () => {
    party.add('1', { params, run: () => 'not reached' });

    await party.deploy();

    const { state, error } = await party.record('1');
    expect(state).toBe('failed');
    expect(error?.message).toContain('the params of task task_1 are refused: from: Invalid key');
  });
});

describe('the context', () => {
  it('says what runs, for whom and where, and keeps the party to itself', async () => {
    const run = vi.fn();
    party.add('007', { run });
    const runId = await party.begin({ deployId: 'a1b2c3d' });

    await party.invoke(runId);

    const ctx: TaskContext = run.mock.calls[0]?.[0];
    expect(ctx).toMatchObject({
      version: '007',
      name: 'task_7',
      environmentName: 'test',
      attempt: 1,
      idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      deploy: { runId, trigger: 'deploy', deployId: 'a1b2c3d', by: 'a stack' },
    });
    expect(ctx.env.USERS_TABLE).toBe('users');
    expect(() => ctx.env.AFTER_PARTY_TABLE).toThrow('which is not set');
  });

  it('sums up what the run has done before', async () => {
    const summaries: unknown[] = [];
    party
      .add('1', { run: () => 5 })
      .add('2', { run: () => Promise.reject(new Error('no')) }, { onFailure: 'continue' })
      .add('3', { run: async ({ deploy }) => void summaries.push(await deploy.summary()) });

    await party.deploy();

    expect(summaries).toEqual([
      {
        tasks: [
          { version: '1', name: 'task_1', state: 'succeeded', result: 5 },
          { version: '2', name: 'task_2', state: 'failed' },
        ],
        succeeded: 1,
        failed: 1,
      },
    ]);
  });

  it('has a new idempotency key once the task has succeeded or was reset', async () => {
    const keys: string[] = [];
    party.add('1', { run: ({ idempotencyKey }) => void keys.push(idempotencyKey) });
    await party.deploy();
    await party.invoke(await party.begin({ trigger: 'invoke' }));
    const reset = { kind: 'reset', version: '1', name: 'task_1', by: 'me', reason: 'again' } as const;
    await party.ledger.tasks.correct(reset, new Date().toISOString());

    await party.deploy();

    expect(new Set(keys).size).toBe(3);
  });
});
