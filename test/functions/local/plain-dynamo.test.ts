import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PlainDynamo } from '../../../functions/local/plain-dynamo.ts';
import { type Dynalite, startDynalite } from '../../dynalite.ts';
import fc from '../../fast-check.ts';

let dynalite: Dynalite;
let plain: PlainDynamo;
beforeAll(async () => {
  dynalite = await startDynalite();
  plain = new PlainDynamo(`http://127.0.0.1:${dynalite.port}`);
  await dynalite.createTable('ledger');
});
afterAll(() => dynalite.stop());

let partitions = 0;
const inPartition = (pk: string) => ({
  TableName: 'ledger',
  KeyConditionExpression: 'pk = :pk',
  ExpressionAttributeValues: { ':pk': pk },
  ConsistentRead: true,
});

async function put(items: readonly object[]): Promise<string> {
  partitions += 1;
  const pk = `partition ${partitions}`;
  for (const [index, item] of items.entries()) {
    const Item = { ...item, pk, sk: `${1000 + index}` };
    await dynalite.client.send(new PutCommand({ TableName: 'ledger', Item }));
  }
  return pk;
}

/** Names that are those of types, too. */
const name = fc.oneof(
  fc.constantFrom('B', 'BS', 'S', 'M', 'NULL'),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 });
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
    fc.boolean(),
    fc.constant(null),
    bytes,
    fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map((all) => new Set(all)),
    fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 3 }).map((all) => new Set(all)),
    bytes.map((one) => new Set([one])),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const item = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });

describe('PlainDynamo', () => {
  it('reads what the SDK reads', async () => {
    const property = fc.asyncProperty(fc.array(item, { maxLength: 4 }), async (items) => {
      const pk = await put(items);
      const query = inPartition(pk);
      const get = { TableName: 'ledger', Key: { pk, sk: '1000' }, ConsistentRead: true };

      const { Items } = await dynalite.client.query(query);
      expect(await plain.query(query)).toEqual({ Items, LastEvaluatedKey: undefined });
      expect(Items).toHaveLength(items.length);
      const { Item } = await dynalite.client.get(get);
      expect(await plain.get(get)).toEqual({ Item });
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('reads page after page, and of each item only what is asked for', async () => {
    const pk = await put(Array.from({ length: 5 }, (_, index) => ({ large: 'x'.repeat(300_000), index })));
    const names = { ExpressionAttributeNames: { '#index': 'index' }, ProjectionExpression: '#index' };
    const pages = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const input = { ...inPartition(pk), ...names, ExclusiveStartKey };
      const { Items, LastEvaluatedKey } = await dynalite.client.query(input);
      const page = await plain.query(input);
      expect(page).toEqual({ Items, LastEvaluatedKey });
      pages.push(page.Items);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);

    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flat()).toEqual([0, 1, 2, 3, 4].map((index) => ({ index })));
  });

  it('finds nothing in a table that is not there yet', async () => {
    const TableName = 'later';
    expect(await plain.query({ ...inPartition('p'), TableName })).toMatchObject({ Items: [] });
    expect(await plain.get({ TableName, Key: { pk: 'p', sk: 's' } })).toEqual({ Item: undefined });
  });

  it('fails as the SDK does where the database refuses', async () => {
    const get = { TableName: 'ledger', Key: { pk: 'p' } };
    const refusal: unknown = await dynalite.client.get(get).catch((error: unknown) => error);

    const { name, message } = refusal as Error;
    expect(name).toBe('ValidationException');
    await expect(plain.get(get)).rejects.toMatchObject({ name, message });
  });

  it.each(['before', 'within'])('says that the database is gone %s the answer', async (moment) => {
    const server = createServer((_, response) => {
      if (moment === 'within') response.write('{"Items":[', () => response.destroy());
      else response.destroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;

    const query = new PlainDynamo(`http://127.0.0.1:${port}`).query(inPartition('p'));

    await expect(query).rejects.toMatchObject({ code: 'local-database', resolution: /again/ });
  });
});
