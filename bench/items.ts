import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, paginateScan, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { createDocumentClient } from '../functions/ledger/index.ts';
import { dynamoScan } from '../functions/sources/index.ts';
import { defineTask } from '../functions/task/index.ts';
import { countRequests, startDatabase } from './database.ts';
import { executeTask } from './one-task.ts';
import { compare, milliseconds, report, timed } from './rounds.ts';

const ITEMS = 20_000;
const CONCURRENCY = 16;
const ROUNDS = 5;
const USERS = 'users';

interface User {
  readonly id: string;
  readonly first: string;
  readonly last: string;
}

const database = await startDatabase();
const { client } = database;
const ledgerClient = createDocumentClient(database.config);
const ledgerRequests = countRequests(ledgerClient);

await client.send(
  new CreateTableCommand({
    TableName: USERS,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  }),
);
for (let first = 0; first < ITEMS; first += 25) {
  const puts = Array.from({ length: 25 }, (_, index) => ({
    PutRequest: { Item: { id: `user-${first + index}`, first: 'Ada', last: `Lovelace ${first + index}` } },
  }));
  await client.send(new BatchWriteCommand({ RequestItems: { [USERS]: puts } }));
}

let updated = 0;

async function giveFullName({ id, first, last }: User): Promise<void> {
  await client.send(
    new UpdateCommand({
      TableName: USERS,
      Key: { id },
      UpdateExpression: 'SET fullName = :fullName',
      ExpressionAttributeValues: { ':fullName': `${first} ${last}` },
    }),
  );
  updated += 1;
}

const backfill = defineTask({
  items: dynamoScan<User>({ TableName: USERS, client }),
  process: giveFullName,
  concurrency: CONCURRENCY,
});

/** As many workers as the task has, on a queue that is filled a page ahead. */
async function handWritten(): Promise<void> {
  const fetchPage = (ExclusiveStartKey?: Record<string, unknown>) =>
    client.send(new ScanCommand({ TableName: USERS, ExclusiveStartKey }));
  let queue: User[] = [];
  let next: ReturnType<typeof fetchPage> | undefined = fetchPage();
  let turning: Promise<void> | undefined;
  const turnPage = async (): Promise<void> => {
    const page = await next;
    next = page?.LastEvaluatedKey === undefined ? undefined : fetchPage(page.LastEvaluatedKey);
    queue = ((page?.Items ?? []) as User[]).reverse();
    turning = undefined;
  };
  const worker = async (): Promise<void> => {
    for (;;) {
      const user = queue.pop();
      if (user !== undefined) await giveFullName(user);
      else if (next === undefined && turning === undefined) return;
      else {
        turning ??= turnPage();
        await turning;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function sequential(): Promise<void> {
  for await (const page of paginateScan({ client }, { TableName: USERS })) {
    for (const user of (page.Items ?? []) as User[]) await giveFullName(user);
  }
}

/** What this process computed in all rounds, in milliseconds. */
const computed = { task: 0, loop: 0, sequential: 0 };

/** Milliseconds for all items. */
async function whole(who: keyof typeof computed, act: () => Promise<unknown>): Promise<number> {
  updated = 0;
  const before = process.cpuUsage();
  const took = await timed(act);
  const { user, system } = process.cpuUsage(before);
  computed[who] += (user + system) / 1000;
  if (updated !== ITEMS) throw new Error(`${updated} of ${ITEMS} items were updated`);
  return took;
}

const best = await compare(
  ROUNDS,
  () => whole('task', () => executeTask(ledgerClient, backfill)),
  () => whole('loop', handWritten),
);
const one = await whole('sequential', sequential);
/** The run's own record is not the task's. */
const writes = ledgerRequests.writes / (ROUNDS + 1) - 1;

ledgerClient.destroy();
database.stop();
const what = `${ITEMS.toLocaleString('en')} items updated`;
report([
  {
    what: `${what}, against an SDK loop of ${CONCURRENCY} at a time`,
    measured: milliseconds(best.subject),
    peer: milliseconds(best.peer),
    ratio: best.ratio,
    // 0.95 of the throughput.
    aim: 1.05,
  },
  {
    what: 'of that the CPU time of the process, which a busy machine changes less',
    measured: milliseconds(computed.task / (ROUNDS + 1)),
    peer: milliseconds(computed.loop / (ROUNDS + 1)),
    ratio: computed.task / computed.loop,
  },
  {
    what: `${what}, against an SDK loop of one at a time`,
    measured: milliseconds(best.subject),
    peer: milliseconds(one),
    ratio: best.subject / one,
  },
  {
    what: 'ledger writes per 10,000 items: claim, finish, and one a second',
    measured: `${((writes * 10_000) / ITEMS).toFixed(1)} in ${milliseconds((best.subject * 10_000) / ITEMS)}`,
    peer: '',
  },
]);
