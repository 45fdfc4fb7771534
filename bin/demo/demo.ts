import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openDatabase } from '../../functions/local/database.ts';
import { colours, wantsColour } from '../terminal/colours.ts';
import { DemoApp } from './demo-app.ts';
import { deploy } from './deploy.ts';
import { deployLines } from './deploy-lines.ts';
import { OutsideWorld } from './outside-world.ts';
import { createShopTables, tableVariables } from './shop-tables.ts';

const begun = performance.now();
const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../../.after-party/demo'));
const shown = relative(process.cwd(), folder);
const paint = colours(wantsColour({ flag: true, env: process.env, isTty: process.stdout.isTTY }));
const say = (...lines: string[]): void => console.log(lines.join('\n'));

await mkdir(folder, { recursive: true });
const world = await OutsideWorld.open(join(folder, 'received.jsonl'));
try {
  const app = await DemoApp.create(folder, { ...tableVariables, ...world.variables });
  say(
    `${paint.strong('after-party demo')} · this machine only: no AWS, no credentials`,
    `ledger ${shown} · mail, Slack, the partner and the search service are answered by ${world.url}`,
    '',
  );
  await openShop(app.ledgerFolder);
  await tellStories(app);
} finally {
  await world.close();
}

const params = JSON.stringify({ month: '2026-01' });
say(
  '',
  `${Math.ceil((performance.now() - begun) / 1000)} s. Look around: cd ${shown} && npx after-party status --local`,
  `Run one by hand:  npx after-party invoke recalculate_invoices --local --params '${params}'`,
);

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

async function tellStories(app: DemoApp): Promise<void> {
  await app.add(['strip_invalid_characters', 'import_price_list', 'remove_the_tallest_user']);
  await app.add(['recalculate_invoices', 'announce_release']);
  const first = await app.synth();
  say(paint.strong('deploy 1 · a new environment'));
  const created = {
    app,
    world,
    bundle: first,
    requestType: 'Create',
    stackStatus: 'CREATE_IN_PROGRESS',
  } as const;
  say(...deployLines(await deploy(created), [], paint));

  await app.add(['restart_search', 'start_partner_resync', 'notify_issue_111']);
  const second = await app.synth();
  const updated = {
    app,
    world,
    bundle: second,
    requestType: 'Update',
    stackStatus: 'UPDATE_IN_PROGRESS',
  } as const;
  world.searchIsUp = false;
  say(paint.strong('deploy 2 · three new tasks, and the search service is down'));
  const failed = await deploy(updated);
  say(...deployLines(failed, [mailsSent()], paint));
  const undone = await deploy({ ...updated, bundle: first, stackStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' });
  say(paint.quiet(`  · rolled back: ${undone.response.Reason}`));

  world.searchIsUp = true;
  say(paint.strong('deploy 3 · the service is back; nothing to clean up'));
  say(...deployLines(await deploy(updated), [mailsSent()], paint));

  say(paint.strong('deploy 4 · nothing new'));
  say(...deployLines(await deploy(updated), [], paint));
}

function mailsSent(): string {
  if (world.mails === 0) return 'no mail sent';
  return world.mails === 1 ? '1 mail sent' : `${world.mails} mails sent`;
}
