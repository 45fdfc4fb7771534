import { randomUUID } from 'node:crypto';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Ledger, LedgerTable, type SelectedTask } from '../functions/ledger/index.ts';
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

/** Two conditional writes a task, and nothing else. */
async function bareWrites(): Promise<number> {
  round += 1;
  const write = (sk: string, condition: string, state: string): Promise<unknown> =>
    database.client.send(
      new UpdateCommand({
        TableName: TABLE,
        Key: { pk: `Bare${round}`, sk },
        UpdateExpression: 'SET #state = :state',
        ConditionExpression: condition,
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':state': state,
          ...(condition.includes(':running') ? { ':running': 'running' } : {}),
        },
      }),
    );
  return timed(async () => {
    for (let task = 0; task < TASKS; task++) {
      await write(`task#${task}`, 'attribute_not_exists(pk)', 'running');
      await write(`task#${task}`, '#state = :running', 'succeeded');
    }
  });
}

/** What the ledger is asked for each task, without controller, runner and logs. */
async function ledgerAlone(): Promise<number> {
  round += 1;
  const { runs, tasks } = new Ledger(new LedgerTable(database.client, TABLE, `Ledger${round}`));
  const now = (): string => new Date().toISOString();
  const selection = Array.from({ length: TASKS }, (_, index): SelectedTask => {
    const [version, name] = [String(index + 1), `task_${index + 1}`];
    return { version, name, when: 'once', delivery: 'at-least-once', onFailure: 'fail-deploy' };
  });
  const runId = 'a'.repeat(32);
  await runs.accept({
    ...{ schema: 1, runId, trigger: 'deploy', by: 'bench', state: 'running', summary: '', startedAt: now() },
    selection,
  });
  const asked = { runId, asked: false, by: 'bench', deployId: 'd1', checksum: 'c'.repeat(64) };
  return timed(async () => {
    for (const task of selection) {
      const token = `${randomUUID()}.${randomUUID()}`;
      const result = await tasks.claim({ ...asked, task, token, now: now(), leaseUntil: now() });
      if (!result.claimed) throw new Error(`task ${task.version} was not claimed`);
      await runs.standing(runId);
      await tasks.finish(result.claim, { state: 'succeeded' }, now());
    }
  });
}

const { subject, peer, ratio } = await compare(ROUNDS, deploy, bareWrites);
const alone = await compare(ROUNDS, ledgerAlone, bareWrites);

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
    what: `${TASKS} no-op tasks, against ${2 * TASKS} bare conditional writes`,
    measured: milliseconds(subject),
    peer: milliseconds(peer),
    ratio,
    aim: 1.5,
  },
  {
    what: 'of that the claim, the look at the run and the finish alone',
    measured: milliseconds(alone.subject),
    peer: milliseconds(alone.peer),
    ratio: alone.ratio,
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
