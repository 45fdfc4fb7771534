import { CdkApp } from './cdk-app.ts';

/** Reads the journal table, which tells what ran, and in which order, and adds a line to it. */
export const JOURNAL = `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';

const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export async function noted(table: string): Promise<string[]> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: table, Key: { id: 'journal' }, ConsistentRead: true }),
  );
  return Item?.lines ?? [];
}

export async function note(table: string, line: string): Promise<void> {
  await documents.send(
    new UpdateCommand({
      TableName: table,
      Key: { id: 'journal' },
      UpdateExpression: 'SET #lines = list_append(if_not_exists(#lines, :none), :lines)',
      ExpressionAttributeNames: { '#lines': 'lines' },
      ExpressionAttributeValues: { ':none': [], ':lines': [line] },
    }),
  );
}
`;

/** The app as plain JavaScript modules, with one stack. */
function appModule(stack: string, environment: string, props: string): string {
  return `import { AfterParty } from 'after-party';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';

const app = new App();
const stack = new Stack(app, '${stack}');
const journal = new TableV2(stack, 'Journal', { partitionKey: { name: 'id', type: AttributeType.STRING } });
const party = new AfterParty(stack, 'Tasks', {
  environment: { JOURNAL_TABLE: journal.tableName, ${environment} },
  ${props}
});
journal.grantReadWriteData(party);
new CfnOutput(stack, 'JournalTable', { value: journal.tableName });
`;
}

/** A task that notes its name, then goes on with \`body\`. */
export function task(
  options: { readonly first?: string; readonly body?: string; readonly imports?: string } = {},
): string {
  return `import { defineTask } from 'after-party/task';
import { note } from './_journal.js';
${options.imports ?? ''}
export default defineTask({
  ${options.first ?? ''}
  async run({ env, name, params, logger, signal }) {
    await note(env.JOURNAL_TABLE, name);
    ${options.body ?? ''}
  },
});
`;
}

/** A task that is split, by `shards` or `forEach` in `first`; `body` does a part of it. */
export function splitTask(options: { readonly first: string; readonly body: string }): string {
  const context = options.first.includes('shards:') ? 'shard' : 'key';
  return `import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';
import { isOpen } from './_gate.js';
import { note, noted } from './_journal.js';

export default defineTask({
  ${options.first}
  async run({ env, name, ${context} }) {
    ${options.body}
  },
});
`;
}

/** The number of the line that holds the text. */
export function lineOf(module: string, text: string): number {
  const index = module.split('\n').findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`no line holds ${text}`);
  return index + 1;
}

/** Writes an app whose only stack has a journal and a party, run by plain node. */
export async function shopApp(
  folder: string,
  options: {
    readonly stack: string;
    readonly environment?: string;
    readonly props?: string;
    readonly tasks: Readonly<Record<string, string>>;
  },
): Promise<CdkApp> {
  const app = new CdkApp(folder);
  await app.write({
    'package.json': JSON.stringify({ private: true, type: 'module' }),
    'cdk.json': JSON.stringify({ app: 'node app.js' }),
    'app.js': appModule(options.stack, options.environment ?? '', options.props ?? ''),
    'tasks/_journal.ts': JOURNAL,
  });
  await writeTasks(app, options.tasks);
  return app;
}

/** Adds or replaces task modules by their file name without its ending. */
export async function writeTasks(app: CdkApp, tasks: Readonly<Record<string, string>>): Promise<void> {
  const files = Object.entries(tasks).map(([name, text]) => [`tasks/${name}.ts`, text]);
  await app.write(Object.fromEntries(files));
}
