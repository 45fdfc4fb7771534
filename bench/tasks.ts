import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { countRequests, startDatabase, TABLE } from './database.ts';
import { BenchParty } from './party.ts';
import { compare, milliseconds, report, timed } from './rounds.ts';

const TASKS = 1_000;
const ROUNDS = 5;

const database = await startDatabase();
let round = 0;

/** A deploy of so many tasks that do nothing. */
async function deploy(): Promise<number> {
  round += 1;
  const party = await BenchParty.start(database.client, `Party${round}`, TASKS);
  const took = await timed(() => party.deploy());
  party.stop();
  return took;
}

/** What a ledger of the simplest kind would keep of a task: the same items, each written twice, and nothing else. */
async function bareWrites(): Promise<number> {
  round += 1;
  const pk = `Bare${round}`;
  const item = {
    ...{
      schema: 1,
      name: 'task',
      checksum: 'c'.repeat(64),
      attempt: 1,
      deployId: 'd1',
      owner: 'o'.repeat(73),
    },
    summary:
      'running since 2026-11-20 09:15 UTC, by CloudFormation; if it has not ended by 09:30 UTC, it broke off',
    startedAt: '2026-11-20T09:15:00.000Z',
    lastRun: 'a'.repeat(32),
  };
  const entry = {
    attempt: 1,
    state: 'succeeded',
    at: item.startedAt,
    startedAt: item.startedAt,
    run: item.lastRun,
  };
  const put = (Item: Record<string, unknown>, condition: object): Promise<unknown> =>
    database.client.send(new PutCommand({ TableName: TABLE, Item, ...condition }));
  return timed(async () => {
    for (let task = 0; task < TASKS; task++) {
      const running = { ...item, pk, sk: `task#${task}`, version: `${task}`, state: 'running', history: [] };
      await put(running, { ConditionExpression: 'attribute_not_exists(pk)' });
      await put(
        {
          ...running,
          state: 'succeeded',
          history: [entry],
          finishedAt: item.startedAt,
          succeededAt: item.startedAt,
        },
        {
          ConditionExpression: '#o = :o',
          ExpressionAttributeNames: { '#o': 'owner' },
          ExpressionAttributeValues: { ':o': item.owner },
        },
      );
    }
  });
}

const { subject, peer, ratio } = await compare(ROUNDS, deploy, bareWrites);

const party = await BenchParty.start(database.client, 'Counted', TASKS);
const full = countRequests(database.client);
await party.deploy();
const idle = countRequests(database.client);
await party.deploy();
party.stop();
database.stop();

const executed = { reads: full.reads - idle.reads, writes: full.writes - idle.writes };
report([
  {
    what: `${TASKS} no-op tasks, against ${2 * TASKS} bare conditional writes of such items`,
    measured: milliseconds(subject),
    peer: milliseconds(peer),
    ratio,
    aim: 1.5,
  },
  {
    what: 'ledger requests of a deploy with nothing to run',
    measured: `${idle.reads} reads, ${idle.writes} writes`,
    peer: '',
  },
  {
    what: 'ledger requests per task',
    measured: `${((executed.reads - idle.reads) / TASKS).toFixed(2)} reads, ${((executed.writes - idle.writes) / TASKS).toFixed(2)} writes`,
    peer: '2 writes',
  },
]);
