import { BatchWriteCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { PartyStatus } from '../functions/controller/requests.ts';
import { startDatabase, TABLE } from './database.ts';
import { BenchParty } from './party.ts';
import { compare, milliseconds, report, timed } from './rounds.ts';

const TASKS = 10_000;
const ROUNDS = 5;
const LEDGER = 'Status';

const database = await startDatabase();
const party = await BenchParty.start(database.client, LEDGER, TASKS);

/** What a task that succeeded leaves. */
function succeeded(version: number): Record<string, unknown> {
  const [startedAt, finishedAt] = ['2026-11-20T09:15:00.000Z', '2026-11-20T09:15:41.000Z'];
  const run = 'a'.repeat(32);
  return {
    pk: LEDGER,
    sk: `task#${version}`,
    schema: 1,
    version: String(version),
    name: `task_${version}`,
    state: 'succeeded',
    summary: 'succeeded at 2026-11-20 09:15 UTC (attempt 1)',
    attempt: 1,
    history: [{ attempt: 1, state: 'succeeded', at: finishedAt, startedAt, run }],
    owner: '6f1c2a34-0000-4000-8000-000000000000.6f1c2a34-0000-4000-8000-000000000000',
    lastRun: run,
    startedAt,
    finishedAt,
    succeededAt: finishedAt,
    checksum: 'c'.repeat(64),
    deployId: 'd1',
    result: '{"changed":37}',
  };
}

for (let first = 1; first <= TASKS; first += 25) {
  const puts = Array.from({ length: 25 }, (_, index) => ({ PutRequest: { Item: succeeded(first + index) } }));
  await database.client.send(new BatchWriteCommand({ RequestItems: { [TABLE]: puts } }));
}

async function status(): Promise<number> {
  return timed(async () => {
    let after: string | undefined;
    let shown = 0;
    do {
      const request = { v: 1, request: 'status', ...(after === undefined ? {} : { after }) };
      const answer = (await party.controller(request, { functionName: 'controller' })) as { ok: PartyStatus };
      shown += answer.ok.tasks.length;
      after = answer.ok.next;
    } while (after !== undefined);
    if (shown !== TASKS) throw new Error(`status shows ${shown} tasks`);
  });
}

async function bareQuery(): Promise<number> {
  return timed(async () => {
    let found = 0;
    const pages = paginateQuery(
      { client: database.client },
      {
        TableName: TABLE,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': LEDGER },
        ConsistentRead: true,
      },
    );
    for await (const { Items = [] } of pages) found += Items.length;
    if (found !== TASKS) throw new Error(`the query found ${found} items`);
  });
}

const { subject, peer, ratio } = await compare(ROUNDS, status, bareQuery);
party.stop();
database.stop();
report([
  {
    what: `status of ${TASKS} recorded tasks, against a bare paginated Query`,
    measured: milliseconds(subject),
    peer: milliseconds(peer),
    ratio,
    aim: 1.5,
  },
]);
