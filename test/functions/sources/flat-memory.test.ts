import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, vi } from 'vitest';
import { csv, dynamoScan, jsonLines, keyset, list, source } from '../../../functions/sources/index.ts';
import type { Source } from '../../../functions/task/source.ts';
import { open } from './reading.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const MANY = 1_000_000;
const MB = 1024 * 1024;

function* lines(first: string, line: (number: number) => string): Generator<Buffer> {
  yield Buffer.from(first);
  for (let number = 0; number < MANY; number += 1000) {
    yield Buffer.from(Array.from({ length: 1000 }, (_, index) => line(number + index)).join(''));
  }
}

/** Answers every Scan with the next thousand items. */
function endlessTable(): DynamoDBClient {
  const client = new DynamoDBClient({ region: 'us-east-1' });
  let number = 0;
  vi.spyOn(client, 'send').mockImplementation((async () => {
    // What a spy remembers of its calls is not what is measured.
    vi.mocked(client.send).mockClear();
    const Items = Array.from({ length: 1000 }, (_, index) => ({
      id: { S: `${number + index}` },
      age: { N: '7' },
    }));
    number += 1000;
    return { Items, ...(number < MANY ? { LastEvaluatedKey: { id: { S: `${number - 1}` } } } : {}) };
  }) as never);
  return client;
}

const sources: Readonly<Record<string, () => Source<unknown>>> = {
  dynamoScan: () => dynamoScan({ TableName: 't', client: endlessTable() }),
  csv: () => csv({ from: () => Readable.from(lines('id,name\n', (number) => `${number},"a, b"\n`)) }),
  jsonLines: () => jsonLines({ from: () => Readable.from(lines('', (number) => `{"id":${number}}\n`)) }),
  keyset: () =>
    keyset(
      (after: number | undefined, limit) => {
        const first = after === undefined ? 0 : after + 1;
        return Array.from({ length: Math.min(limit, MANY - first) }, (_, index) => ({ id: first + index }));
      },
      { key: ({ id }) => id },
    ),
  list: () => list(Array.from<number>({ length: MANY }).fill(1)),
  source: () =>
    source(function* () {
      for (let number = 0; number < MANY; number += 1) yield [{ id: number }, number] as const;
    }),
};

describe('reading a million items', () => {
  it.each(Object.keys(sources))(
    'takes no more memory than ten thousand: %s',
    async (name) => {
      let read = 0;
      let early = 0;
      let most = 0;
      for await (const _ of open((sources[name] as () => Source<unknown>)())) {
        read += 1;
        if (read !== 10_000 && read % 250_000 !== 0) continue;
        collectGarbage();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        if (read === 10_000) early = heapUsed + arrayBuffers;
        most = Math.max(most, heapUsed + arrayBuffers);
      }

      expect(read).toBe(MANY);
      expect(most - early).toBeLessThan(8 * MB);
    },
    60_000,
  );
});
