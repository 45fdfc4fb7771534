import { describe, expect, it } from 'vitest';
import { dynamoQuery } from '../../../functions/sources/index.ts';
import { readerOf } from '../../../functions/task/source.ts';
import { expectRefused, expectResumable, readAll, STRANGE_CURSORS, take } from './reading.ts';
import { useTables } from './tables.ts';

const tables = useTables();

const orders = Array.from({ length: 30 }, (_, index) => ({
  tenant: { S: index % 3 === 0 ? 'other' : 'acme' },
  at: { N: `${9_007_199_254_740_980n + BigInt(index)}` },
  state: { S: index % 2 === 0 ? 'open' : 'paid' },
}));

const byState = {
  attributes: { state: 'S' as const },
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-state',
      KeySchema: [{ AttributeName: 'state', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'ALL' as const },
    },
  ],
};

const acme = { KeyConditionExpression: 'tenant = :tenant', ExpressionAttributeValues: { ':tenant': 'acme' } };

async function createOrders(): Promise<string> {
  return tables().create(orders, { tenant: 'S', at: 'N' }, byState);
}

describe('dynamoQuery', () => {
  it('reads a partition in the order of its sort key, either way, and resumes exactly', async () => {
    const TableName = await createOrders();
    for (const [ScanIndexForward, Limit] of [
      [true, 100],
      [true, 3],
      [false, 3],
    ] as const) {
      const query = dynamoQuery({ TableName, ...acme, ScanIndexForward, Limit, client: tables().client });
      const items = await readAll(query);

      const expected = orders.filter(({ tenant }) => tenant.S === 'acme').map(({ at }) => BigInt(at.N));
      expect(items.map(({ at }) => BigInt(at))).toEqual(ScanIndexForward ? expected : expected.toReversed());
      await expectResumable(query, items, { runs: 8 });
    }
  });

  it('resumes in an index whose key all items share', async () => {
    const TableName = await createOrders();
    for (const Limit of [2, 100]) {
      const query = dynamoQuery({
        TableName,
        IndexName: 'by-state',
        KeyConditionExpression: '#state = :state',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': 'open' },
        Limit,
        client: tables().client,
      });
      const items = await readAll(query);

      expect(items).toHaveLength(15);
      await expectResumable(query, items, { runs: 8 });
    }
  });

  it('has no items where the partition is empty', async () => {
    const TableName = await createOrders();
    const query = dynamoQuery({
      TableName,
      ...acme,
      ExpressionAttributeValues: { ':tenant': 'nobody' },
      client: tables().client,
    });
    expect(await readAll(query)).toEqual([]);
  });

  it('does not split, and refuses cursors of another shape or index', async () => {
    const TableName = await createOrders();
    const query = dynamoQuery({ TableName, ...acme, client: tables().client });
    const { cursor } = await take(query, 1);

    expect(readerOf(query).splits).toBe(false);
    for (const wrong of [...STRANGE_CURSORS, { key: { id: { S: 'u-1' } } }])
      await expectRefused(query, wrong);
    await expectRefused(
      dynamoQuery({
        TableName,
        IndexName: 'by-state',
        KeyConditionExpression: '#state = :state',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': 'open' },
        client: tables().client,
      }),
      cursor ?? null,
    );
    expect(() => dynamoQuery({ TableName, ...acme, ...{ QueryFilter: {} } })).toThrow(
      'dynamoQuery takes no QueryFilter',
    );
  });
});
