import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPartyError } from '../../../functions/errors.ts';
import fc from '../../fast-check.ts';
import {
  accepted,
  at,
  OTHER_RUN,
  RUN,
  request,
  selected,
  type TestLedger,
  TestTable,
  won,
} from './open-ledger.ts';

let table: TestTable;

beforeAll(async () => {
  table = await TestTable.start();
});
afterAll(() => table.stop());

const { version, name } = selected();
const SK = `task#${version}`;
const reset = { kind: 'reset', version, name, by: 'ann', reason: 'damaged' } as const;

/** A ledger with a task that failed in another run. */
async function opened(): Promise<TestLedger> {
  const ledger = table.open();
  const claim = won(await ledger.tasks.claim(request({ runId: OTHER_RUN })));
  const error = { name: 'Error', message: 'm' };
  await ledger.tasks.finish(claim, { state: 'failed', error, result: 1, logs: ['l'] }, at(5));
  return ledger;
}

/** What an item may be found with; `undefined` is left out. */
const anyValue = fc.oneof(
  fc.anything({
    maxDepth: 2,
    // What the SDK takes for an object of a class, it refuses to write.
    key: fc.string({ minLength: 1 }).filter((name) => name !== 'constructor'),
    values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)],
  }),
  fc.constantFrom(undefined, new Set(['a']), new Set([1]), new Uint8Array([1]), 2 ** 60, -1, 1.5, 1e100),
  fc.constantFrom(
    '',
    'running',
    'succeeded',
    'failed',
    'pending',
    at(-1),
    at(99),
    '2026-11-20',
    'x'.repeat(5000),
  ),
);

describe('a task item that somebody edited', () => {
  it.each([
    ['schema', 2],
    ['version', 'twelve'],
    ['name', 1],
    ['state', 'done'],
    ['summary', undefined],
    ['attempt', 'three'],
    ['attempt', -1],
    ['history', {}],
    ['history', [{ attempt: 1, state: 'failed', at: 'yesterday' }]],
    ['lastRun', 7],
    ['owner', 7],
    ['startedAt', 'yesterday'],
    ['finishedAt', ''],
    ['succeededAt', true],
    ['resetAt', 'x'],
    ['checksum', null],
    ['deployId', []],
    ['result', 'no JSON'],
    ['error', 'boom'],
    ['reason', 3],
    ['by', {}],
    ['logs', 'line'],
    ['logs', [1]],
  ])('is named with its attribute %s being %j, and a reset mends it', async (attribute, value) => {
    const ledger = await opened();
    await ledger.edit(SK, { [attribute]: value });
    const damage = {
      code: 'damaged-record',
      message: expect.stringMatching(
        new RegExp(`^the ledger item pk "${ledger.id}", sk "${SK}" is damaged: attribute ${attribute}[.:]`),
      ),
      resolution: expect.stringContaining('npx after-party reset '),
    };
    const before = await ledger.item(SK);

    await expect(ledger.tasks.get(version)).rejects.toMatchObject(damage);
    expect((await ledger.tasks.all()).get(version)).toMatchObject(damage);
    await expect(ledger.tasks.claim(request({ now: at(99) }))).rejects.toMatchObject(damage);
    await expect(ledger.tasks.correct({ ...reset, kind: 'skip' }, at(99))).rejects.toMatchObject(damage);
    expect(await ledger.item(SK)).toEqual(before);

    await ledger.tasks.correct(reset, at(99));
    expect((await ledger.tasks.claim(request())).claimed).toBe(true);
  });

  it.each(['run', 'owner', 'leaseUntil', 'startedAt'])(
    'is named when %s is missing from one that is running',
    async (attribute) => {
      const ledger = table.open();
      await ledger.tasks.claim(request());
      await ledger.edit(SK, { [attribute]: undefined });

      await expect(ledger.tasks.get(version)).rejects.toMatchObject({
        code: 'damaged-record',
        message: expect.stringContaining(`attribute ${attribute}: missing, though the state is "running"`),
      });
      await ledger.tasks.correct(reset, at(99));
      expect((await ledger.record()).state).toBe('pending');
    },
  );

  it.each(['run', 'children'])('is named when %s is missing from one that is split', async (attribute) => {
    const ledger = table.open();
    const claim = won(await ledger.tasks.claim(request()));
    await ledger.tasks.fanOut(claim, { of: 'shards', count: 4, parallel: 2, plan: at(1) }, at(1));
    await ledger.edit(SK, { [attribute]: undefined });

    await expect(ledger.tasks.get(version)).rejects.toMatchObject({
      code: 'damaged-record',
      message: expect.stringContaining(`attribute ${attribute}: missing, though the state is "fanned-out"`),
    });
    await ledger.tasks.correct(reset, at(99));
    expect((await ledger.record()).state).toBe('pending');
  });

  it('is not reset under an invocation that executes it', async () => {
    const ledger = table.open();
    await ledger.tasks.claim(request());
    await ledger.edit(SK, { logs: 1 });

    await expect(ledger.tasks.correct(reset, at(59))).rejects.toMatchObject({ code: 'held' });
  });

  it('does not hide the others', async () => {
    const ledger = await opened();
    won(await ledger.tasks.claim(request({ task: { version: '8' } })));
    await ledger.edit(SK, { state: 'done' });

    const all = await ledger.tasks.all();

    expect(all.get('8')).toMatchObject({ state: 'running' });
    expect(all.get(version)).toMatchObject({ code: 'damaged-record' });
  });

  it('whatever the edit, is read or named, claimed or named, and never left half done', async () => {
    const attributes = [
      ...[
        'schema',
        'version',
        'name',
        'state',
        'summary',
        'attempt',
        'history',
        'run',
        'owner',
        'leaseUntil',
      ],
      ...[
        'lastRun',
        'startedAt',
        'finishedAt',
        'succeededAt',
        'checksum',
        'result',
        'error',
        'logs',
        'unheardOf',
      ],
    ];
    const edits = fc.dictionary(fc.constantFrom(...attributes), anyValue, { minKeys: 1, maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(edits, async (edit) => {
        const ledger = await opened();
        await ledger.edit(SK, edit);

        const read = await outcome(() => ledger.tasks.get(version));
        const before = await ledger.item(SK);
        const claimed = await outcome(() =>
          ledger.tasks.claim(request({ now: at(99), leaseUntil: at(200) })),
        );
        if (read === 'damaged') {
          expect(claimed).toBe('damaged');
          expect(await ledger.item(SK)).toEqual(before);
        } else {
          expect(claimed).toBe('fine');
          const after = await ledger.record();
          if (after.run === RUN) expect(after.attempt).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  }, 600_000);
});

describe('another item that somebody edited', () => {
  it.each([
    ['run', 'trigger', 'cron'],
    ['run', 'selection', [{ version: 'x' }]],
    ['run', 'params', 'no JSON'],
    ['run', 'counts', { succeeded: '1' }],
    ['run', 'answer', { status: 'MAYBE', text: '' }],
    ['run', 'request', { cause: 'whim', by: 'ann', at: at(0) }],
    ['party', 'newEnvironment', 'yes'],
    ['party', 'baselined', ['1']],
    ['answer', 'responseUrl', 1],
  ])('the %s is named with its attribute %s', async (kind, attribute, value) => {
    const ledger = table.open();
    await ledger.runs.accept(accepted());
    await ledger.party.beginDeploy({
      runId: RUN,
      deployId: 'd',
      newEnvironment: true,
      baseline: ['1'],
      now: at(0),
    });
    await ledger.answers.keep(RUN, {
      ...{
        schema: 1,
        responseUrl: 'u',
        requestId: 'r',
        stackId: 's',
        logicalResourceId: 'l',
        physicalResourceId: 'p',
      },
    });
    const key = {
      run: [RUN, `${ledger.id}#runs`],
      party: ['party', ledger.id],
      answer: [RUN, `${ledger.id}#answers`],
    };
    const [sk, pk] = key[kind as keyof typeof key] as [string, string];
    await ledger.edit(sk, { [attribute]: value }, pk);

    const reads = {
      run: () => ledger.runs.get(RUN),
      party: () => ledger.party.get(),
      answer: () => ledger.answers.get(RUN),
    };

    await expect(reads[kind as keyof typeof reads]()).rejects.toMatchObject({
      code: 'damaged-record',
      message: expect.stringContaining(`is damaged: attribute ${attribute}`),
      resolution: 'mend the attribute in the DynamoDB console',
    });
  });
});

async function outcome(act: () => Promise<unknown>): Promise<'fine' | 'damaged'> {
  try {
    await act();
    return 'fine';
  } catch (error) {
    if (isPartyError(error) && error.code === 'damaged-record') return 'damaged';
    throw error;
  }
}
