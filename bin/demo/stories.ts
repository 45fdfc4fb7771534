import type { Colours } from '../terminal/colours.ts';
import type { DemoApp } from './demo-app.ts';
import { deploy } from './deploy.ts';
import { deployLines } from './deploy-lines.ts';
import type { OutsideWorld } from './outside-world.ts';

/** Deploys the app four times, and prints what the ledger and CloudFormation were told of it. */
export async function tellStories(
  app: DemoApp,
  world: OutsideWorld,
  paint: Colours,
  print: (line: string) => void,
): Promise<void> {
  await app.add(['strip_invalid_characters', 'import_price_list', 'remove_the_tallest_user']);
  await app.add(['recalculate_invoices', 'announce_release']);
  const first = await app.synth();
  const created = {
    app,
    world,
    bundle: first,
    requestType: 'Create',
    stackStatus: 'CREATE_IN_PROGRESS',
  } as const;
  print(paint.strong('deploy 1 · a new environment'));
  for (const line of deployLines(await deploy(created), [], paint)) print(line);

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
  print(paint.strong('deploy 2 · three new tasks, and the search service is down'));
  const failed = await deploy(updated);
  for (const line of deployLines(failed, [mailsSent(world)], paint)) print(line);
  // CloudFormation restores the code of the deploy before, and sends an Update to it.
  const undone = await deploy({ ...updated, bundle: first, stackStatus: 'UPDATE_ROLLBACK_IN_PROGRESS' });
  if (undone.response.Status === 'SUCCESS') {
    print(paint.quiet(`  · rolled back: ${undone.response.Data.Outcome}`));
  }

  world.searchIsUp = true;
  print(paint.strong('deploy 3 · the service is back; nothing to clean up'));
  const mended = await deploy(updated);
  for (const line of deployLines(mended, [mailsSent(world)], paint)) print(line);

  print(paint.strong('deploy 4 · nothing new'));
  for (const line of deployLines(await deploy(updated), [], paint)) print(line);
}

function mailsSent({ mails }: OutsideWorld): string {
  if (mails === 0) return 'no mail sent';
  return mails === 1 ? '1 mail sent' : `${mails} mails sent`;
}
