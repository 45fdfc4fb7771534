import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimOf } from '../../../functions/ledger/claim.ts';
import { Ledger } from '../../../functions/ledger/index.ts';
import { defineTask, type TaskContext, type TaskRequest } from '../../../functions/task/index.ts';
import { type Dynalite, startDynalite } from '../../dynalite.ts';
import { FaultyTable, faults } from './faulty-table.ts';
import { captureOutput, ProcessEnded, TestParty } from './party.ts';

let database: Dynalite;
let output: ReturnType<typeof captureOutput>;
let party: TestParty;

beforeAll(async () => {
  database = await startDynalite();
  await database.createTable('ledger');
});
afterAll(() => database.stop());
beforeEach(() => {
  output = captureOutput();
  party = new TestParty(database, 'ledger');
});
afterEach(() => output.restore());

const run = () => 'never executed here';

/** Adds a task whose `forEach` gives whatever it is told. */
function adding(forEach: (ctx: TaskContext) => unknown, options: { retries?: number; timeout?: '1s' } = {}) {
  const given = forEach as (ctx: TaskContext) => string[];
  return party.addSplit('1', defineTask({ ...options, forEach: given, run }));
}

async function keys(): Promise<(string | undefined)[]> {
  return (await party.children('1')).map(({ key }) => key);
}

const untilAborted = ({ signal }: TaskContext) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('the plan of a task with shards', () => {
  it('has a child for each', async () => {
    party.addSplit('1', defineTask({ shards: 3, parallel: 2, run }));

    await party.deploy();

    expect((await party.record('1')).children).toMatchObject({ of: 'shards', count: 3, parallel: 2 });
    expect((await party.children('1')).map(({ shard }) => shard)).toEqual([
      { index: 0, count: 3 },
      { index: 1, count: 3 },
      { index: 2, count: 3 },
    ]);
  });

  it('ends the invocation, whatever else it was told to execute', async () => {
    const ran: string[] = [];
    party
      .add('1', { run: () => ran.push('before') })
      .addSplit('2', defineTask({ shards: 3, run }))
      .add('3', { run: () => ran.push('behind') });

    await party.deploy();

    expect(ran).toEqual(['before']);
    expect(await party.states()).toEqual({ 1: 'succeeded', 2: 'fanned-out' });
  });
});

describe('the keys of a task', () => {
  it.each([
    ['a list', () => ['b', 'a']],
    ['a set', async () => new Set(['b', 'a'])],
    [
      'a generator',
      function* generate() {
        yield* ['b', 'a'];
      },
    ],
    [
      'a generator that waits',
      async function* generate() {
        yield 'b';
        await sleep(1);
        yield 'a';
      },
    ],
  ])('are what %s gives, in its order', async (_what, forEach) => {
    adding(forEach);

    await party.deploy();

    expect(await keys()).toEqual(['b', 'a']);
  });

  it('are any texts', async () => {
    const odd = [
      '',
      ' ',
      '#',
      'a#0000001',
      '*',
      '🎉',
      'ÄÖ',
      '\n',
      '__proto__',
      '0',
      'k'.repeat(2_048),
      '日'.repeat(1_365),
    ];
    adding(() => odd);

    await party.deploy();

    expect(await keys()).toEqual(odd);
  });

  it.each([
    ['twice the same', ['acme', 'zeta', 'acme'], 'key 3 is "acme", as key 1 is'],
    ['twice none', ['', ''], 'key 2 is "", as key 1 is'],
    ['a number', ['acme', 7], 'key 2 is no text but of type number'],
    ['null', [null], 'key 1 is no text but null'],
    ['a hole', new Array(1), 'key 1 is no text but of type undefined'],
    ['a long one', ['k'.repeat(4_097)], `key 1 is "${'k'.repeat(40)}…", of 4,097 bytes`],
    ['one that is long in bytes', ['日'.repeat(1_366)], 'of 4,098 bytes'],
    ['half a character', ['\ud83c'], 'which holds half a character'],
    ['too many', Array.from({ length: 100_001 }, (_, index) => `${index}`), 'there are more than 100,000'],
    ['many', [1, 2, 3, 4, 5], 'key 3 is no text but of type number; and 2 more'],
  ])('are refused before any is planned: %s', async (_what, given, message) => {
    adding(() => given);

    await party.deploy();

    const record = await party.record('1');
    expect(record).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining(message) },
    });
    expect(record.error?.message).toContain('give each key once, as a text of at most 4 KB');
    expect(record).not.toHaveProperty('children');
    expect(await party.ledger.children('1').at(1).get('1')).toBeUndefined();
  });

  it.each([
    ['a text', 'acme'],
    ['undefined', undefined],
    ['null', null],
    ['number', 7],
  ])('are no %s', async (what, given) => {
    adding(() => given);

    await party.deploy();

    expect((await party.record('1')).error?.message).toBe(
      `the task's "forEach" gave ${what}: expected a list of keys`,
    );
  });

  it('may be none: then there is nothing to do', async () => {
    adding(() => []).add('2', { run: () => 'goes on' });

    await party.deploy();

    expect(await party.states()).toEqual({ 1: 'succeeded', 2: 'succeeded' });
    expect((await party.record('1')).result).toBe('0 keys');
  });

  it('are asked for within the middlewares, once for all children', async () => {
    const seen: unknown[] = [];
    const secrets = {
      before(request: TaskRequest<{ url: string }>) {
        seen.push(request.context.key);
        request.context.url = 'sql:';
      },
    };
    const task = defineTask({
      middleware: [secrets],
      forEach: ({ url, env, name }) => [`${url}${env.USERS_TABLE}`, name],
      run: ({ key, url }) => seen.push(`${key} ${url}`),
    });
    party.addSplit('1', task);

    const { runId } = await party.deploy();
    await party.invokeChildren(runId, '1');

    expect(seen).toEqual([undefined, 'sql:users', 'sql:users sql:', 'task_1', 'task_1 sql:']);
  });
});

describe('a plan that does not come about', () => {
  it('fails with what forEach threw, and the next attempt plans anew', async () => {
    const answers = [() => Promise.reject(new Error('HTTP 503')), () => ['acme']];
    adding(() => answers.shift()?.());

    await party.deploy();

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      error: {
        message: `the task's "forEach" threw (cause: HTTP 503)`,
        stack: expect.stringContaining('503'),
      },
    });
    await party.deploy();
    expect(await party.record('1')).toMatchObject({ state: 'fanned-out', attempt: 2 });
    expect(await keys()).toEqual(['acme']);
  });

  it('fails with what a generator threw in the middle', async () => {
    adding(function* generate() {
      yield 'acme';
      throw new Error('HTTP 503');
    });

    await party.deploy();

    expect((await party.record('1')).error?.message).toContain('HTTP 503');
    expect(await party.ledger.children('1').at(1).get('1')).toBeUndefined();
  });

  it('is tried again as often as the task says', async () => {
    let tries = 0;
    const flaky = () => {
      tries += 1;
      if (tries < 3) throw new Error('HTTP 503');
      return ['acme'];
    };
    adding(flaky, { retries: 2 });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'fanned-out', attempt: 1 });
  });

  it('fails by its timeout', async () => {
    adding(untilAborted, { timeout: '1s' });

    await party.deploy();

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'failed', reason: 'timed out after 1 s' });
    expect(record).not.toHaveProperty('error');
  });

  it('fails by the end of its invocation, also where a generator goes on', async () => {
    adding(async function* generate() {
      for (let number = 0; ; number++) {
        await sleep(5);
        yield String(number);
      }
    });

    await party.deploy({ remainingMs: 1_000 });

    expect(await party.record('1')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining("the runner's own"),
    });
  });

  it('fails where forEach would end the process', async () => {
    adding(() => process.exit(0));

    await expect(party.deploy()).rejects.toThrow(ProcessEnded);

    expect(await party.record('1')).toMatchObject({ state: 'failed', error: { name: 'ProcessExit' } });
  });

  it('is cancelled while it is made', async () => {
    adding(async (ctx) => {
      const request = { kind: 'cancel', by: 'arn:me', at: new Date().toISOString() } as const;
      await party.ledger.tasks.requestStop('1', request);
      return untilAborted(ctx);
    });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'cancelled', by: 'arn:me' });
  });

  it('comes about all the same where a pause is asked for: the children wait', async () => {
    const request = { kind: 'pause', by: 'arn:me', at: new Date().toISOString() } as const;
    adding(async () => {
      await party.ledger.tasks.requestStop('1', request);
      await sleep(60);
      return ['acme'];
    });

    const { runId } = await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'fanned-out', request });
    await party.invoke(runId, { child: 1 });
    expect((await party.children('1'))[0]).toMatchObject({ state: 'pending', attempt: 0 });
  });

  it('that comes too late is not recorded', async () => {
    adding(async () => {
      const record = await party.record('1');
      const claim = claimOf(record);
      if (claim === undefined) throw new Error('nobody holds it');
      await party.ledger.tasks.finish(
        claim,
        { state: 'failed', reason: 'crashed' },
        new Date().toISOString(),
      );
      return ['acme'];
    });

    await party.deploy();

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'failed', reason: 'crashed' });
    expect(record).not.toHaveProperty('children');
    expect(output.text()).toContain('somebody else has settled the task meanwhile');
  });
});

describe('a dry run of a task that is split', () => {
  it('says into how many keys, and plans none', async () => {
    adding(() => ['acme', 'zeta']);
    const runId = await party.begin({ trigger: 'invoke', dryRun: true });

    await party.invoke(runId);

    const record = await party.record('1');
    expect(record).toMatchObject({ state: 'pending', attempt: 1 });
    expect(record).not.toHaveProperty('children');
    expect(record.history).toMatchObject([{ state: 'dry run: succeeded', reason: '2 keys' }]);
    expect(await party.ledger.children('1').at(1).get('1')).toBeUndefined();
  });

  it('leaves an earlier plan as it is', async () => {
    adding(() => ['acme']);
    await party.deploy();
    const before = await party.record('1');
    await party.ledger.tasks.settle(before, { state: 'failed' }, new Date().toISOString(), {
      runId: String(before.run),
    });

    await party.invoke(await party.begin({ trigger: 'invoke', dryRun: true }));

    expect(await party.record('1')).toMatchObject({ state: 'failed', children: before.children });
    expect(await party.children('1')).toHaveLength(1);
  });
});

describe('many keys', () => {
  it('are written some at a time', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `key ${index}`);
    adding(() => many);
    let [writing, most] = [0, 0];
    const children = party.ledger.children('1');
    const plan = children.plan.bind(children);
    vi.spyOn(children, 'plan').mockImplementation(async (...args) => {
      writing += 1;
      most = Math.max(most, writing);
      await plan(...args);
      writing -= 1;
    });
    vi.spyOn(party.ledger, 'children').mockReturnValue(children);

    await party.deploy();

    expect(await keys()).toEqual(many);
    expect(most).toBe(25);
  });

  it('are given up as soon as the task must end', async () => {
    const children = party.ledger.children('1');
    let written = 0;
    vi.spyOn(children, 'plan').mockImplementation(async () => {
      written += 1;
      await sleep(5);
    });
    vi.spyOn(party.ledger, 'children').mockReturnValue(children);
    adding(() => Array.from({ length: 20_000 }, (_, index) => String(index)), { timeout: '1s' });

    await party.deploy();

    expect(await party.record('1')).toMatchObject({ state: 'failed', reason: 'timed out after 1 s' });
    const then = written;
    await sleep(50);
    expect(written).toBe(then);
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(20_000);
  });
});

/** What the controller does of an invocation that died. */
async function settleAsCrashed(): Promise<void> {
  const record = await party.ledger.tasks.get('1');
  const claim = record && claimOf(record);
  if (claim === undefined) return;
  await party.ledger.tasks.finish(claim, { state: 'failed', reason: 'crashed' }, new Date().toISOString());
}

/** Writes of a plan of three keys: the claim, a child each, and that they are planned. */
const writes = Array.from({ length: 5 }, (_, index) => index + 1);

describe.each(faults)('a plan whose process dies %s a write', (fault) => {
  it.each(writes)('number %d is made anew, and nothing is lost or doubled', async (at) => {
    let given = ['acme', 'zeta', 'late'];
    adding(() => given);
    const table = new FaultyTable(database.client, party.ledger.id, at, fault);
    const { ports } = party;
    party.ports = { ...ports, ledger: new Ledger(table) };

    const first = await party.deploy().catch((error: Error) => error.message);

    party.ports = ports;
    await settleAsCrashed();
    given = ['zeta', 'acme'];
    const { runId } = await party.deploy();
    const record = await party.record('1');
    const isPlanned = fault === 'twice' || (fault === 'after' && at === 5);
    expect(table.sites[at - 1], JSON.stringify(first)).toBe(
      ['task.claim', 'child.plan', 'child.plan', 'child.plan', 'task.fan-out'][at - 1],
    );
    expect(record.state).toBe('fanned-out');
    expect(await keys()).toEqual(isPlanned ? ['acme', 'zeta', 'late'] : ['zeta', 'acme']);
    expect(record.run === runId).toBe(!isPlanned);
    const children = await party.children('1');
    expect(children.map(({ state, plan }) => [state, plan])).toEqual(
      children.map(() => ['pending', record.children?.plan]),
    );
  });
});

describe('two plans at once', () => {
  it('of one run: one is made', async () => {
    for (let round = 0; round < 20; round++) {
      party = new TestParty(database, 'ledger');
      let asked = 0;
      adding(async () => {
        asked += 1;
        await sleep(1);
        return ['acme', 'zeta'];
      });
      const runId = await party.begin();

      await Promise.all([party.invoke(runId), party.invoke(runId)]);

      expect(asked).toBe(1);
      expect(await party.record('1')).toMatchObject({ state: 'fanned-out', attempt: 1 });
      expect(await keys()).toEqual(['acme', 'zeta']);
    }
  });

  it('one of whose invocations was taken for dead: the later one stands', async () => {
    for (let round = 0; round < 8; round++) {
      party = new TestParty(database, 'ledger');
      const plans = [
        Array.from({ length: 45 }, (_, index) => `first ${index}`),
        Array.from({ length: 30 }, (_, index) => `second ${index}`),
      ];
      const begun = Promise.withResolvers<void>();
      adding(() => {
        begun.resolve();
        return plans.shift();
      });
      const first = party.deploy();
      await begun.promise;
      await sleep(round);
      await settleAsCrashed();

      await party.deploy();

      await first;
      const record = await party.record('1');
      // Where the first had come to its end before it was taken for dead, nobody planned anew.
      const of = plans.length === 1 ? 'first' : 'second';
      expect(record).toMatchObject({ state: 'fanned-out', children: { count: of === 'first' ? 45 : 30 } });
      expect((await keys()).every((key) => key?.startsWith(of))).toBe(true);
      expect((await party.children('1')).every(({ plan }) => plan === record.children?.plan)).toBe(true);
    }
  });
});
