import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { CdkApp } from './cdk-app.ts';
import type { DeployedStack } from './deployed-stack.ts';

/** Until when something has to be seen; long enough for a machine that does much at a time. */
export const SOON = { timeout: 240_000, interval: 500 };

/** What tasks wait for until a scenario opens it. */
export const GATE = `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';

const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export async function isOpen(table: string, name: string): Promise<boolean> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: table, Key: { id: 'gate ' + name }, ConsistentRead: true }),
  );
  return Item !== undefined;
}
`;

export async function openGate(stack: DeployedStack, name: string): Promise<void> {
  const TableName = (await stack.tableNames()).find((each) => each.includes('Journal'));
  await stack.documents.send(new PutCommand({ TableName, Item: { id: `gate ${name}` } }));
}

/** A task that goes on, in as many invocations as that takes, until the gate of its name is open. */
export function gatedTask(options: { readonly first?: string; readonly last?: string } = {}): string {
  return `import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';
import { isOpen } from './_gate.js';
import { note } from './_journal.js';

export default defineTask({
  ${options.first ?? ''}
  async run({ env, name, cursor, checkpoint }) {
    if (cursor === undefined) await note(env.JOURNAL_TABLE, name + ' begins');
    while (!(await isOpen(env.JOURNAL_TABLE, name))) {
      if (!(await checkpoint({ hasBegun: true }, { done: 43, total: 100 }))) return;
      await sleep(200);
    }
    await note(env.JOURNAL_TABLE, name + ' ${options.last ?? 'ends'}');
  },
});
`;
}

/** A task that notes each of its items, \`1\` to so many. */
export function itemsTask(options: {
  readonly items: number;
  readonly first?: string;
  readonly body?: string;
}): string {
  return `import { setTimeout as sleep } from 'node:timers/promises';
import { list } from 'after-party/sources';
import { defineTask } from 'after-party/task';
import { isOpen } from './_gate.js';
import { note } from './_journal.js';

export default defineTask({
  ${options.first ?? ''}
  items: list(Array.from({ length: ${options.items} }, (_, index) => index + 1)),
  async process(item, { env, name, dryRun }) {
    ${options.body ?? ''}
    await note(env.JOURNAL_TABLE, name + ' ' + item + (dryRun ? ' dry' : ''));
  },
});
`;
}

export interface ShownTask {
  readonly name: string;
  readonly state: string;
  readonly attempt: number;
  readonly result: unknown;
  readonly reason: string | null;
  readonly progress: { readonly done: number; readonly total: number | null } | null;
  readonly error: { readonly message: string } | null;
}

/** A task as \`status --json\` shows it. */
export async function shownTask(app: CdkApp, stack: DeployedStack, name: string): Promise<ShownTask> {
  const { stdout, output } = await app.afterParty('status', '--json', '--stack', stack.name);
  const { tasks = [] }: { tasks?: ShownTask[] } = JSON.parse(stdout);
  const task = tasks.find((each) => each.name === name);
  if (task === undefined) throw new Error(`status does not show ${name}: ${output}`);
  return task;
}
