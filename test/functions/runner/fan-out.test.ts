import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defineTask } from '../../../functions/task/index.ts';
import { type Dynalite, startDynalite } from '../../dynalite.ts';
import { numbers } from './numbers.ts';
import { captureOutput, TestParty } from './party.ts';

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

describe('a task with forEach', () => {
  it('is planned first, and then executed for each key', async () => {
    const seen: string[] = [];
    party.addSplit(
      '1',
      defineTask({ forEach: async () => ['acme', 'zeta'], run: ({ key }) => seen.push(key) }),
    );

    const { runId } = await party.deploy();

    expect(seen).toEqual([]);
    expect(await party.record('1')).toMatchObject({
      state: 'fanned-out',
      attempt: 1,
      children: { of: 'keys', count: 2, parallel: 10 },
    });
    expect(await party.children('1')).toMatchObject([
      { state: 'pending', key: 'acme', attempt: 0 },
      { state: 'pending', key: 'zeta', attempt: 0 },
    ]);

    await party.invoke(runId, { versions: ['1'], child: 2 });

    expect(seen).toEqual(['zeta']);
    await party.invoke(runId, { versions: ['1'], child: 1 });
    expect(seen).toEqual(['zeta', 'acme']);
    expect(await party.children('1')).toMatchObject([
      { state: 'succeeded', key: 'acme', attempt: 1, result: 2, lastRun: runId },
      { state: 'succeeded', key: 'zeta', attempt: 1, result: 1, lastRun: runId },
    ]);
    expect((await party.record('1')).state).toBe('fanned-out');
  });
});

describe('a task with shards', () => {
  it('reads for each shard its part of a source that splits itself', async () => {
    const seen: unknown[] = [];
    const source = numbers(10, {
      splits: true,
      before: (number, { shard }) => seen.push([number, shard?.index]),
    });
    party.addSplit('1', defineTask({ shards: 2, items: source, process: () => 1 }));

    const { runId } = await party.deploy();
    await party.invokeChildren(runId, '1');

    expect(seen).toEqual([1, 3, 5, 7, 9].map((n) => [n, 0]).concat([2, 4, 6, 8, 10].map((n) => [n, 1])));
  });
});
