import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openDatabase } from '../../functions/local/database.ts';
import { colours, wantsColour } from '../terminal/colours.ts';
import { failureLines } from '../terminal/failure-lines.ts';
import { DemoApp } from './demo-app.ts';
import { OutsideWorld } from './outside-world.ts';
import { createShopTables, tableVariables } from './shop-tables.ts';
import { tellStories } from './stories.ts';

const paint = colours(wantsColour({ flag: true, env: process.env, isTty: process.stdout.isTTY }));
try {
  await showDemo(resolve(process.argv[2] ?? join(import.meta.dirname, '../../.after-party/demo')));
} catch (error) {
  for (const line of failureLines(error, paint)) console.error(line);
  process.exitCode = 2;
}

async function showDemo(folder: string): Promise<void> {
  const begun = performance.now();
  const shown = relative(process.cwd(), folder);
  await mkdir(folder, { recursive: true });
  const world = await OutsideWorld.open(join(folder, 'received.jsonl'));
  try {
    console.log(`${paint.strong('after-party demo')} · this machine only: no AWS, no credentials`);
    console.log(
      `ledger ${shown} · mail, Slack, the partner and the search service answered by ${world.url}\n`,
    );
    const app = await DemoApp.create(folder, { ...tableVariables, ...world.variables });
    await openShop(app.ledgerFolder);
    await tellStories(app, world, paint, console.log);
  } finally {
    await world.close();
  }
  const seconds = Math.ceil((performance.now() - begun) / 1000);
  const params = JSON.stringify({ month: '2026-01' });
  console.log(`\n${seconds} s. Look around: cd ${shown} && npx after-party status --local`);
  console.log(`Run one by hand:  npx after-party invoke recalculate_invoices --local --params '${params}'`);
}

async function openShop(ledgerFolder: string): Promise<void> {
  const database = await openDatabase(ledgerFolder);
  const client = new DynamoDBClient({
    endpoint: database.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await createShopTables(client);
  } finally {
    client.destroy();
    database.close();
  }
}
