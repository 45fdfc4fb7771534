import {
  DeleteItemCommand,
  DescribeTableCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { NativeAttributeValue } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import { dynamoScan } from '../../../functions/sources/index.ts';
import { readerOf, type Source } from '../../../functions/task/source.ts';
import fc from '../../fast-check.ts';
import { expectRefused, expectResumable, open, readAll, STRANGE_CURSORS, take } from './reading.ts';
import { type Item, useTables } from './tables.ts';

const tables = useTables();

const users: readonly Item[] = Array.from({ length: 40 }, (_, index) => ({
  id: { S: `u-${index}` },
  age: { N: `${index}` },
}));

describe('dynamoScan', () => {
  it('reads every item once as a document, and resumes exactly behind any', async () => {
    const TableName = await tables().create(users);
    const scan = dynamoScan({ TableName, Limit: 7, client: tables().client });

    const items = await readAll(scan);
    expect(items.toSorted((a, b) => a.age - b.age)).toEqual(
      users.map((_, index) => ({ id: `u-${index}`, age: index })),
    );
    await expectResumable(scan, items, { runs: 15 });
  });

  it.each([
    [
      'numbers beyond 2^53',
      { id: 'N' } as const,
      ['9007199254740993', '9007199254740992', '-1', '0.1'].map((N) => ({ N })),
    ],
    [
      '38 digits',
      { id: 'N' } as const,
      ['12345678901234567890123456789012345678', '12345678901234567890123456789012345679'].map((N) => ({
        N,
      })),
    ],
    [
      'bytes',
      { id: 'B' } as const,
      [[0], [255, 0, 1], [0xef, 0xbb, 0xbf]].map((bytes) => ({ B: Uint8Array.from(bytes) })),
    ],
    [
      'any text',
      { id: 'S' } as const,
      ['#', '🎉', 'a b', '"', '\u0000', 'x'.repeat(2000)].map((S) => ({ S })),
    ],
  ])('resumes behind keys that are %s', async (_, key, values) => {
    const TableName = await tables().create(
      values.map((id) => ({ id })),
      key,
    );
    const scan = dynamoScan({ TableName, Limit: 1, client: tables().exactClient() });

    const items = await readAll(scan);
    expect(items).toHaveLength(values.length);
    await expectResumable(scan, items, { runs: 8 });
  });

  it('resumes with a sort key, and in an index whose keys are not unique', async () => {
    const items = Array.from({ length: 30 }, (_, index) => ({
      tenant: { S: `t-${index % 3}` },
      at: { N: `${index}` },
      ...(index % 5 === 0 ? {} : { kind: { S: index % 2 === 0 ? 'even' : 'odd' } }),
    }));
    const TableName = await tables().create(
      items,
      { tenant: 'S', at: 'N' },
      {
        attributes: { kind: 'S' },
        GlobalSecondaryIndexes: [
          {
            IndexName: 'by-kind',
            KeySchema: [{ AttributeName: 'kind', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      },
    );
    for (const [options, count] of [
      [{}, 30],
      [{ IndexName: 'by-kind' }, 24],
    ] as const) {
      for (const Limit of [4, 100]) {
        const scan = dynamoScan({ TableName, Limit, client: tables().client, ...options });
        const all = await readAll(scan);

        expect(new Set(all.map(({ at }) => at)).size).toBe(count);
        await expectResumable(scan, all, { runs: 8 });
      }
    }
  });

  it('splits itself: the shards together are everything once', async () => {
    const TableName = await tables().create(users);
    const scan = dynamoScan({ TableName, Limit: 3, client: tables().client });
    expect(readerOf(scan).splits).toBe(true);

    const found: NativeAttributeValue[] = [];
    for (let index = 0; index < 4; index += 1) {
      const shard = { index, count: 4 };
      const items = await readAll(scan, { shard });
      await expectResumable(scan, items, { shard, runs: 4 });
      found.push(...items.map(({ id }) => id));
    }
    expect(found.toSorted()).toEqual(users.map(({ id }) => id?.S).toSorted());
  });

  it('refuses to go on in another number of shards, or in another shard', async () => {
    const TableName = await tables().create(users);
    const scan = dynamoScan({ TableName, client: tables().client });
    const { cursor } = await take(scan, 1, { shard: { index: 1, count: 2 } });
    const whole = (await take(scan, 1)).cursor;
    const reading = async (from: Parameters<typeof readAll>[1]): Promise<unknown> => readAll(scan, from);

    await expect(reading({ cursor, shard: { index: 1, count: 4 } })).rejects.toThrow(
      new RangeError(
        'the cursor is of a scan in 2 shards, but the scan now is in 4 shards: it can only go on in as many as it began with',
      ),
    );
    await expect(reading({ cursor, shard: { index: 0, count: 2 } })).rejects.toThrow(RangeError);
    await expect(reading({ cursor })).rejects.toThrow(/2 shards, but the scan now is in one piece/);
    await expect(reading({ cursor: whole, shard: { index: 0, count: 2 } })).rejects.toThrow(RangeError);
  });

  it('goes on behind an item that was deleted meanwhile, and sees edits', async () => {
    const TableName = await tables().create(users);
    const scan = dynamoScan({ TableName, Limit: 5, client: tables().client });
    const items = await readAll(scan);

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 39 }), async (done) => {
        const { cursor } = await take(scan, done);
        const { id } = items[done - 1] as { id: string };
        await tables().client.send(new DeleteItemCommand({ TableName, Key: { id: { S: id } } }));
        const rest = await readAll(scan, { cursor });
        await tables().client.send(
          new PutItemCommand({
            TableName,
            Item: users[Number(id.slice(2))],
          }),
        );

        expect(rest).toEqual(items.slice(done));
      }),
      { numRuns: 10 },
    );
  });

  it('reads on behind pages of which a filter left nothing, with values as documents', async () => {
    const TableName = await tables().create(users);
    const scan = dynamoScan({
      TableName,
      Limit: 2,
      FilterExpression: '#age > :age',
      ExpressionAttributeNames: { '#age': 'age' },
      ExpressionAttributeValues: { ':age': 34 },
      client: tables().client,
    });
    const items = await readAll(scan);

    expect(items).toHaveLength(5);
    await expectResumable(scan, items, { runs: 8 });
    expect(readerOf(scan).count).toBeUndefined();
  });

  it('says which key attribute a projection left out', async () => {
    const TableName = await tables().create(users);
    const scan = dynamoScan({ TableName, ProjectionExpression: 'age', client: tables().client });
    await expect(readAll(scan)).rejects.toMatchObject({
      code: 'no-key',
      message: expect.stringContaining("key attribute 'id'"),
    });
  });

  it('describes the table only where no page says what its key is, and explains where it may not', async () => {
    const TableName = await tables().create(users);
    const denied = Object.assign(new Error('User: x is not authorized to perform: dynamodb:DescribeTable'), {
      name: 'AccessDeniedException',
    });
    const { send } = tables().client;
    const described = vi.fn();
    vi.spyOn(tables().client, 'send').mockImplementation(function (this: unknown, command, ...rest) {
      if (!(command instanceof DescribeTableCommand)) return Reflect.apply(send, this, [command, ...rest]);
      described();
      return Promise.reject(denied) as never;
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const { client } = tables();

    expect(await readAll(dynamoScan({ TableName, Limit: 30, client }))).toHaveLength(40);
    const { cursor } = await take(dynamoScan({ TableName, Limit: 10, client }), 35);
    expect(await readAll(dynamoScan({ TableName, client }), { cursor })).toHaveLength(5);
    expect(described).not.toHaveBeenCalled();
    await expect(readAll(dynamoScan({ TableName, client }))).rejects.toMatchObject({
      code: 'cannot-describe-table',
      resolution: expect.stringContaining('dynamodb:DescribeTable'),
    });
    expect(await readerOf(dynamoScan({ TableName, client })).count?.()).toBeUndefined();
  });

  it('says about how many items there are, where DynamoDB has counted any', async () => {
    const mock = mockClient(tables().client);
    onTestFinished(() => mock.restore());
    const count = (options: { IndexName?: string } = {}): Promise<number | undefined> | undefined =>
      readerOf(dynamoScan({ TableName: 't', client: tables().client, ...options })).count?.();

    mock.on(DescribeTableCommand).resolves({ Table: { ItemCount: 12_000 } });
    expect(await count()).toBe(12_000);
    mock.on(DescribeTableCommand).resolves({
      Table: { ItemCount: 0, GlobalSecondaryIndexes: [{ IndexName: 'by-kind', ItemCount: 70 }] },
    });
    expect(await count()).toBeUndefined();
    expect(await count({ IndexName: 'by-kind' })).toBe(70);
  });

  it('fetches one page ahead and no more, and breaks that off when its reader stops', async () => {
    let asked = 0;
    const aborted: boolean[] = [];
    const page = (from: number): object => ({
      Items: [{ id: { S: `${from}` } }, { id: { S: `${from}.5` } }],
      LastEvaluatedKey: { id: { S: `${from}.5` } },
    });
    vi.spyOn(tables().client, 'send').mockImplementation(((
      _command: ScanCommand,
      { abortSignal }: { abortSignal: AbortSignal },
    ) => {
      asked += 1;
      if (asked < 4) return Promise.resolve(page(asked));
      return new Promise((_, reject) => {
        abortSignal.addEventListener('abort', () => {
          aborted.push(true);
          reject(new Error('aborted'));
        });
      });
    }) as never);
    onTestFinished(() => void vi.restoreAllMocks());

    const askedAt: number[] = [];
    for await (const _ of open(dynamoScan({ TableName: 't', client: tables().client }))) {
      await new Promise(setImmediate);
      askedAt.push(asked);
      if (askedAt.length === 6) break;
    }

    expect(askedAt).toEqual([2, 2, 3, 3, 4, 4]);
    expect(aborted).toEqual([true]);
  });

  it('lets a page that fails early fail only when it is due', async () => {
    const mock = mockClient(tables().client);
    onTestFinished(() => mock.restore());
    mock
      .on(ScanCommand)
      .resolvesOnce({ Items: [{ id: { S: 'a' } }], LastEvaluatedKey: { id: { S: 'a' } } })
      .rejects(new Error('throttled'));
    const given: unknown[] = [];
    const reading = (async () => {
      for await (const [item] of open(dynamoScan({ TableName: 't', client: tables().client }))) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        given.push(item);
      }
    })();

    await expect(reading).rejects.toThrow('throttled');
    expect(given).toEqual([{ id: 'a' }]);
  });

  it('refuses a cursor of another shape, or of another table', async () => {
    const TableName = await tables().create(users);
    const scan = dynamoScan({ TableName, client: tables().client });
    const wrongKeys = [{ id: 'u-1' }, { id: { S: 1 } }, { id: { S: 'a', N: '1' } }, { id: { B: '%' } }, {}];
    const wrong = [...STRANGE_CURSORS, ...wrongKeys.map((key) => ({ key }))];

    for (const cursor of wrong) await expectRefused(scan, cursor);
    await expectRefused(scan, { key: { tenant: { S: 'a' }, at: { N: '1' } } });
  });

  it('refuses what it decides itself', () => {
    for (const name of ['Segment', 'TotalSegments', 'ExclusiveStartKey', 'Select', 'AttributesToGet']) {
      expect(() => dynamoScan({ TableName: 't', ...{ [name]: 1 } })).toThrow(`dynamoScan takes no ${name}`);
    }
    // @ts-expect-error the table's name may be missing
    dynamoScan({ TableName: process.env.USERS_TABLE });
  });

  it('gives the items the type that is asked for', () => {
    expectTypeOf(dynamoScan<{ id: string }>({ TableName: 't' })).toEqualTypeOf<Source<{ id: string }>>();
    expectTypeOf(dynamoScan({ TableName: 't' })).toEqualTypeOf<
      Source<Record<string, NativeAttributeValue>>
    >();
  });
});
