import {
  type AttributeValue,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { expect, it, onTestFinished } from 'vitest';
import { createDocumentClient, Ledger, LedgerTable } from '../../functions/ledger/index.ts';
import { taskStates } from '../../functions/ledger/records.ts';
import { Redactor } from '../../functions/runner/redaction.ts';
import { TaskLog } from '../../functions/runner/task-log.ts';
import { startDynalite } from '../dynalite.ts';
import { blocksOf, read } from './pages.ts';
import { sentToDynamoDb } from './run-by.ts';

const PAGE = 'docs/operating.md';
const PARTY = 'Shop-prod/Tasks';

it('looks at the ledger, and deletes a task from it, without the command line', async () => {
  const database = await startDynalite();
  onTestFinished(() => database.stop());
  const client = createDocumentClient(database.config);
  onTestFinished(() => client.destroy());
  await database.createTable('LEDGER');
  const ledger = new Ledger(new LedgerTable(client, 'LEDGER', PARTY));
  const version = '20260126080000';
  const skip = { kind: 'skip', version, name: 'restart_search', by: 'ann', reason: 'not wanted' } as const;
  await ledger.tasks.correct(skip, '2026-11-20T09:15:00.000Z');
  const [query = [], remove = [], ...others] = sentToDynamoDb.map(({ words }) => words);

  const found = await client.send(new QueryCommand(dynamoDbCall<QueryCommandInput>(query)));
  await client.send(new DeleteItemCommand(dynamoDbCall<DeleteItemCommandInput>(remove)));

  const sk: AttributeValue = { S: `task#${version}` };
  const summary: AttributeValue = { S: 'skipped at 2026-11-20 09:15 UTC by ann: not wanted' };
  expect(found.Items).toEqual([{ sk, summary }]);
  expect((await ledger.tasks.all()).size).toBe(0);
  expect(others).toEqual([]);
});

/** What the AWS CLI sends for `dynamodb <call> --name value …`. */
function dynamoDbCall<Input>([service, , ...flags]: readonly string[]): Input {
  expect(service).toBe('dynamodb');
  const pairs = flags.flatMap((word, index) => {
    if (!word.startsWith('--')) return [];
    const name = word.slice(2).replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
    const value = flags[index + 1] ?? '';
    return [[name, value.startsWith('{') ? JSON.parse(value) : value] as const];
  });
  return Object.fromEntries(pairs) as Input;
}

it('asks Logs Insights for fields that the lines have', () => {
  const lines: string[] = [];
  const identity = { version: '1', task: 'a', run: 'f', attempt: 1, key: 'acme', shard: '1/2' };
  new TaskLog(identity, new Redactor(), (line) => lines.push(line)).info('hello');
  const ofTasks = Object.keys(JSON.parse(lines[0] ?? '{}'));
  // As decide.ts logs the end of a run.
  const ofController = ['level', 'message', 'run', 'state', 'because'];
  const keywords = /^(fields|filter|sort|stats|limit|by|as|and|desc|count|bin|tight|lines|\d.*)$/;

  const queries = blocksOf(PAGE).filter(({ language }) => language === 'logs');
  const unknown = queries.flatMap(({ code }) => {
    const known = code.includes('because') ? ofController : ofTasks;
    const words = code.replace(/"[^"]*"/g, '').match(/@?\w+/g) ?? [];
    return words.filter((word) => !word.startsWith('@') && !keywords.test(word) && !known.includes(word));
  });

  expect(queries.length).toBeGreaterThan(3);
  expect(unknown).toEqual([]);
});

it('says of each state what to do', () => {
  const derived = ['stale', 'manual', 'every-deploy', 'damaged'];
  // People see a task that is split as running.
  const shown = [...taskStates.filter((state) => state !== 'fanned-out'), ...derived];

  const table = read(PAGE).split('| state |')[1]?.split('\n\n', 1)[0] ?? '';
  const told = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, state = '']) => state);

  expect(told.sort()).toEqual(shown.sort());
});
