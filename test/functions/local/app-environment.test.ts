import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DescribeTableCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { App, CfnOutput, CfnResource, Fn, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { AttributeType, CfnTable, ProjectionType, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PartyError } from '../../../functions/errors.ts';
import { appEnvironment } from '../../../functions/local/app-environment.ts';
import type { PartyChoice } from '../../../functions/local/app-parties.ts';
import { AfterParty } from '../../../lib/index.ts';
import { type Dynalite, startDynalite } from '../../dynalite.ts';

// The CDK is slow on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const id = { name: 'id', type: AttributeType.STRING };
const byAge = { indexName: 'byAge', partitionKey: { name: 'age', type: AttributeType.NUMBER } };

/** Options that have no part in it. */
const PARTY = { folder: '', tasksFolder: '', bundle: () => Promise.reject() };

let dynalite: Dynalite;
let cdkOut: string;
let tasks: string;
let app: App;
let warnings: PartyError[];

beforeAll(async () => {
  dynalite = await startDynalite();
  const folder = await mkdtemp(join(tmpdir(), 'app-'));
  [cdkOut, tasks] = [join(folder, 'cdk.out'), join(folder, 'tasks')];
  await mkdir(tasks);
});

afterAll(async () => {
  await dynalite.stop();
  await rm(dirname(cdkOut), { recursive: true });
});

beforeEach(async () => {
  await rm(cdkOut, { recursive: true, force: true });
  await mkdir(cdkOut);
  app = newApp();
  warnings = [];
});

/** As the CDK CLI synthesizes it, but without bundling. */
function newApp(): App {
  return new App({
    outdir: cdkOut,
    context: { 'aws:cdk:enable-asset-metadata': true, 'aws:cdk:bundling-stacks': [] },
  });
}

function party(stack: Stack, variables: Record<string, string>, name = 'Tasks'): void {
  new AfterParty(stack, name, { tasks, environment: variables });
}

/** By a synth as the CDK CLI asks for it. */
async function environment(choice: PartyChoice = {}): Promise<Readonly<Record<string, string>>> {
  app.synth();
  const { NODE_OPTIONS, ...own } = await appEnvironment(
    { ...PARTY, cdkOut, choice, onWarning: (warning) => warnings.push(warning) },
    dynalite.client,
  );
  return own;
}

async function tables(): Promise<string[]> {
  return (await dynalite.client.send(new ListTablesCommand({}))).TableNames ?? [];
}

const describeTable = async (TableName: string) =>
  (await dynalite.client.send(new DescribeTableCommand({ TableName }))).Table;

describe('appEnvironment', () => {
  it('makes a table with its keys and indexes', async () => {
    const stack = new Stack(app, 'Keys');
    const users = new Table(stack, 'Users', {
      partitionKey: id,
      sortKey: { name: 'at', type: AttributeType.NUMBER },
    });
    users.addGlobalSecondaryIndex({
      ...byAge,
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['name'],
    });
    users.addLocalSecondaryIndex({
      indexName: 'bySize',
      sortKey: { name: 'size', type: AttributeType.NUMBER },
    });
    party(stack, { USERS: users.tableName });

    const { USERS = '' } = await environment();

    expect(USERS).toMatch(/^Keys-Users/);
    const made = await describeTable(USERS);
    expect(made?.KeySchema).toEqual([
      { AttributeName: 'id', KeyType: 'HASH' },
      { AttributeName: 'at', KeyType: 'RANGE' },
    ]);
    expect(made?.GlobalSecondaryIndexes).toMatchObject([
      {
        IndexName: 'byAge',
        KeySchema: [{ AttributeName: 'age', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name'] },
      },
    ]);
    expect(made?.LocalSecondaryIndexes).toMatchObject([{ IndexName: 'bySize' }]);
    expect(warnings).toEqual([]);
  });

  it('makes global tables, and those of a given name, once', async () => {
    const stack = new Stack(app, 'Names');
    const global = new TableV2(stack, 'Global', { partitionKey: id, globalSecondaryIndexes: [byAge] });
    const named = new TableV2(stack, 'Named', { partitionKey: id, tableName: 'shop-orders' });
    party(stack, { GLOBAL: global.tableName, ORDERS: named.tableName, ARN: named.tableArn });

    const first = await environment();
    const again = await environment();

    expect(again).toEqual(first);
    expect(first).toEqual({
      GLOBAL: expect.stringMatching(/^Names-Global/),
      ORDERS: 'shop-orders',
      ARN: 'arn:aws:dynamodb:us-east-1:000000000000:table/shop-orders',
    });
    expect(await tables()).toEqual(expect.arrayContaining(['shop-orders', first.GLOBAL]));
  });

  it('makes a table once when two processes come at the same time', async () => {
    const stack = new Stack(app, 'Twice');
    new Table(stack, 'T', { partitionKey: id, tableName: 'twice' });

    await Promise.all([environment(), environment()]);

    expect(warnings).toEqual([]);
    expect((await describeTable('twice'))?.TableStatus).toBe('ACTIVE');
  });

  it('resolves tables of other stacks, of stages and of nested stacks', async () => {
    const stage = new Stage(app, 'Prod');
    const data = new Stack(stage, 'Data');
    const shared = new Table(data, 'Shared', { partitionKey: id });
    const shop = new Stack(stage, 'Shop');
    const nested = new Table(new NestedStack(shop, 'Inner'), 'Nested', { partitionKey: id });
    party(shop, { SHARED: shared.tableName, NESTED: nested.tableName });
    const office = new Stack(stage, 'Office');
    const own = new Table(office, 'Own', { partitionKey: id });
    party(new NestedStack(office, 'Inner'), { OWN: own.tableName, SHARED: shared.tableName }, 'InnerTasks');

    const outer = await environment({ stack: 'Prod-Shop' });
    const inner = await environment({ party: 'InnerTasks' });

    expect(outer).toEqual({
      SHARED: expect.stringMatching(/^Prod-Data-Shared/),
      NESTED: expect.stringMatching(/^Prod-Shop-Inner.*-Nested/),
    });
    expect(inner).toEqual({ OWN: expect.stringMatching(/^Prod-Office-Own/), SHARED: outer.SHARED });
    expect(await tables()).toEqual(
      expect.arrayContaining([...Object.values(outer), ...Object.values(inner)]),
    );
  });

  it('resolves literals and text around tables, and leaves out what only AWS knows, and the party’s own', async () => {
    const stack = new Stack(app, 'Values');
    const table = new Table(stack, 'T', { partitionKey: id, tableName: 'values-t' });
    const queue = new CfnResource(stack, 'Queue', { type: 'AWS::SQS::Queue' });
    new CfnOutput(stack, 'Exported', { value: table.tableName, exportName: 'the-table' });
    party(stack, {
      LEVEL: 'debug',
      PREFIXED: `${stack.region}:${table.tableName}`,
      IMPORTED: Fn.importValue('the-table'),
      QUEUE: queue.ref,
      MIXED: `${queue.ref}/${table.tableName}`,
      ELSEWHERE: Fn.importValue('of another app'),
    });

    expect(await environment()).toEqual({
      LEVEL: 'debug',
      PREFIXED: 'us-east-1:values-t',
      IMPORTED: 'values-t',
    });
  });

  it('lists the parties when several fit, and when none does', async () => {
    party(new Stack(app, 'Dev'), { STAGE: 'dev' });
    party(new Stack(app, 'Live'), { STAGE: 'live' });

    await expect(environment()).rejects.toMatchObject({
      code: 'which-party',
      resolution: 'choose one:\n--env Dev\n--env Live',
    });
    await expect(environment({ stack: 'Staging' })).rejects.toMatchObject({ code: 'unknown-party' });
    expect(await environment({ stack: 'Live' })).toEqual({ STAGE: 'live' });
  });

  it('warns of a table that has other keys by now, and goes on', async () => {
    const stack = new Stack(app, 'Changed');
    new Table(stack, 'T', { partitionKey: id, tableName: 'changed' });
    party(stack, { LEVEL: 'debug' });
    await environment();
    app = newApp();
    const later = new Stack(app, 'Changed');
    new Table(later, 'T', { partitionKey: { ...id, type: AttributeType.NUMBER }, tableName: 'changed' });
    party(later, { LEVEL: 'debug' });

    expect(await environment()).toEqual({ LEVEL: 'debug' });

    expect(warnings).toMatchObject([
      { code: 'local-table', message: expect.stringContaining('table changed has other keys') },
    ]);
  });

  it('warns of a table that the embedded database refuses, and goes on', async () => {
    const stack = new Stack(app, 'Refused');
    new CfnTable(stack, 'T', { keySchema: [{ attributeName: 'id', keyType: 'HASH' }], tableName: 'refused' });
    party(stack, { LEVEL: 'debug' });

    expect(await environment()).toEqual({ LEVEL: 'debug' });

    expect(warnings).toMatchObject([
      { code: 'local-table', message: expect.stringContaining('cannot have table refused') },
    ]);
  });

  it('knows nothing without a cdk.out, and of an app without a party', async () => {
    await rm(cdkOut, { recursive: true });
    expect(await appEnvironment({ ...PARTY, cdkOut }, dynalite.client)).toEqual({});
    expect(await appEnvironment(PARTY, dynalite.client)).toEqual({});
    await mkdir(cdkOut);
    new Stack(app, 'Empty');
    expect(await environment()).toEqual({});
  });

  it.each(['{', 'null', '{"artifacts":{"a":{}}}'])('names a damaged manifest.json: %s', async (text) => {
    await writeFile(join(cdkOut, 'manifest.json'), text);
    await expect(appEnvironment({ ...PARTY, cdkOut }, dynalite.client)).rejects.toMatchObject({
      code: 'bad-cdk-out',
      message: expect.stringContaining('manifest.json'),
      resolution: 'synthesize anew: npx cdk synth',
    });
  });
});
