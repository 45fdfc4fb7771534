import type { Colours } from '../terminal/colours.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { tellBackfill } from './backfill-story.ts';
import type { DemoApp } from './demo-app.ts';
import { deploy, invoke, type Order } from './deploy.ts';
import { deployLines, runLines } from './deploy-lines.ts';
import { LOCKABLE_TENANT, type OutsideWorld } from './outside-world.ts';
import type { Shop } from './shop.ts';
import { PROFILES } from './shop-tables.ts';

/** Where the stories take place. */
export interface Stage {
  readonly app: DemoApp;
  readonly world: OutsideWorld;
  readonly shop: Shop;
}

/** Deploys the app five times, and prints what the ledger and CloudFormation were told of it. */
export async function tellStories(
  { app, world, shop }: Stage,
  terminal: Terminal,
  print: (line: string) => void,
): Promise<void> {
  const { colours } = terminal;
  await app.add(['strip_invalid_characters', 'import_price_list', 'remove_the_tallest_user']);
  await app.add(['recalculate_invoices', 'announce_release']);
  const first = await app.synth();
  const place = { app, world };
  print(colours.strong('deploy 1 · a new environment'));
  const created = {
    ...place,
    bundle: first,
    requestType: 'Create',
    stackStatus: 'CREATE_IN_PROGRESS',
  } as const;
  deployLines(await deploy(created), [], colours).forEach(print);

  await app.add(['restart_search', 'start_partner_resync', 'notify_issue_111']);
  const update = { ...place, requestType: 'Update', stackStatus: 'UPDATE_IN_PROGRESS' } as const;
  const second = { ...update, bundle: await app.synth() };
  world.searchIsUp = false;
  print(colours.strong('deploy 2 · three new tasks, and the search service is down'));
  // The profiles that deploy 4 is about, while a task waits for its retry.
  const [failed] = await Promise.all([deploy(second), shop.addProfiles()]);
  deployLines(failed, [mailsSent(world)], colours).forEach(print);
  // CloudFormation restores the code of the deploy before, and sends an Update to it.
  const undone = await deploy({ ...second, bundle: first, stackStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' });
  if (undone.response.Status === 'SUCCESS') {
    print(colours.quiet(`  · rolled back: ${undone.response.Data.Outcome}`));
  }

  world.searchIsUp = true;
  print(colours.strong('deploy 3 · the service is back; nothing to clean up'));
  const mended = await deploy(second);
  deployLines(mended, [], colours).forEach(print);
  for (const run of mended.background) runLines(run, colours).forEach(print);
  print(colours.quiet(`  · ${mailsSent(world)}`));

  await app.add(['backfill_full_name', 'seed_default_roles']);
  const third = { ...update, bundle: await app.synth() };
  const profiles = PROFILES.toLocaleString('en');
  print(colours.strong(`deploy 4 · ${profiles} profiles to backfill, in the background, 16 shards`));
  await tellBackfill(third, terminal, print);
  await tellRepair(third, colours, print);

  print(colours.strong('deploy 5 · nothing new'));
  deployLines(await deploy(third), [], colours).forEach(print);
}

/** One of the tenants did not take the roles that all were to have. */
async function tellRepair(order: Order, colours: Colours, print: (line: string) => void): Promise<void> {
  const task = 'seed_default_roles';
  order.world.tenantIsLocked = false;
  print(colours.quiet(`  $ npx after-party invoke ${task} --local --key ${LOCKABLE_TENANT}`));
  runLines(await invoke(order, [task], [LOCKABLE_TENANT]), colours).forEach(print);
}

function mailsSent({ mails }: OutsideWorld): string {
  if (mails === 0) return 'no mail sent';
  return mails === 1 ? '1 mail sent' : `${mails} mails sent`;
}
