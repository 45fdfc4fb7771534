import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Aws, CfnParameter, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readParties } from '../../../functions/local/app-parties.ts';
import { AfterParty } from '../../../lib/index.ts';

let folder: string;
let app: App;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-'));
  await mkdir(join(folder, 'tasks'));
  app = new App({
    outdir: join(folder, 'cdk.out'),
    context: { 'aws:cdk:enable-asset-metadata': true, 'aws:cdk:bundling-stacks': [] },
  });
});
afterEach(() => rm(folder, { recursive: true }));

const parties = async () => {
  app.synth();
  const found = await readParties(join(folder, 'cdk.out'));
  return found.map(({ environment: _, ...party }) => party);
};

it('are found in stages and nested stacks, by the names that they are deployed under', async () => {
  const env = { account: '111111111111', region: 'eu-west-1' };
  const stage = new Stage(app, 'Prod', { env });
  const shop = new Stack(stage, 'Shop');
  new AfterParty(shop, 'Tasks', { tasks: join(folder, 'tasks') });
  new AfterParty(new NestedStack(shop, 'Inner'), 'Chores', { tasks: join(folder, 'tasks') });

  expect(await parties()).toEqual([
    { stack: 'Prod-Shop', party: 'Tasks', environmentName: 'Prod', ...env },
    { stack: 'Prod-Shop', party: 'Chores', environmentName: 'Prod', ...env },
  ]);
});

it('have no environment, account and region as long as only a deploy knows them', async () => {
  const open = new Stack(app, 'Open');
  const stage = new CfnParameter(open, 'StageName', { default: 'dev' });
  new AfterParty(open, 'Tasks', { tasks: join(folder, 'tasks'), environmentName: stage.valueAsString });
  new AfterParty(open, 'Chores', { tasks: join(folder, 'tasks'), environmentName: `shop-${Aws.ACCOUNT_ID}` });
  new AfterParty(open, 'Named', { tasks: join(folder, 'tasks') });

  const unknown = { stack: 'Open', environmentName: undefined, account: undefined, region: undefined };
  expect(await parties()).toEqual([
    { ...unknown, party: 'Tasks' },
    { ...unknown, party: 'Chores' },
    { ...unknown, party: 'Named', environmentName: 'Open' },
  ]);
});
