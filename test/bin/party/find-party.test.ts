import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PartyOptions } from '../../../bin/party/connect.ts';
import { findParty } from '../../../bin/party/find-party.ts';
import { missingStackHint } from '../../../bin/party/missing-stack.ts';
import { synthesize } from './synthesized-app.ts';

let app: string;
let warnings: string[];
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-find-'));
  warnings = [];
});
afterEach(() => rm(app, { recursive: true }));

const find = (options: PartyOptions = {}, env: NodeJS.ProcessEnv = {}, cwd = app) =>
  findParty(options, { cwd, env, onWarning: (message) => warnings.push(message) });

const dev = { stack: 'Dev-Shop', env: 'dev', target: 'aws://111111111111/eu-west-1' };
const prod = { stack: 'Prod-Shop', env: 'production', target: 'aws://222222222222/us-east-1' };

describe('the party that is meant', () => {
  it('is the only one in cdk.out, with its region, from any folder of the app', async () => {
    await synthesize(app, [prod]);
    await mkdir(join(app, 'lib'));

    expect(await find({}, {}, join(app, 'lib'))).toEqual({
      stack: 'Prod-Shop',
      party: undefined,
      region: 'us-east-1',
    });
    expect(await find({ region: 'eu-north-1' })).toMatchObject({ region: 'eu-north-1' });
    expect(warnings).toEqual([]);
  });

  it('is that of cdk.out before that of the variable, which is said', async () => {
    await synthesize(app, [dev]);

    expect(await find({}, { AFTER_PARTY_STACK: 'Prod-Shop' })).toMatchObject({ stack: 'Dev-Shop' });
    expect(warnings).toEqual([expect.stringMatching(/Dev-Shop.*AFTER_PARTY_STACK names Prod-Shop/)]);
    warnings = [];
    expect(await find({}, { AFTER_PARTY_STACK: 'Dev-Shop' })).toMatchObject({ stack: 'Dev-Shop' });
    expect(warnings).toEqual([]);
  });

  it('is that of the variable where cdk.out has several, or is not there', async () => {
    expect(await find({}, { AFTER_PARTY_STACK: 'S' })).toEqual({
      stack: 'S',
      party: undefined,
      region: undefined,
    });
    await synthesize(app, [dev, prod]);
    expect(await find({ party: 'Tasks' }, { AFTER_PARTY_STACK: 'Prod-Shop' })).toMatchObject({
      stack: 'Prod-Shop',
      party: 'Tasks',
    });
  });

  it('is that of the stack that is named, whatever cdk.out and the variable say', async () => {
    await synthesize(app, [dev, prod]);

    expect(await find({ stack: 'Other' }, { AFTER_PARTY_STACK: 'S' })).toMatchObject({ stack: 'Other' });
    await writeFile(join(app, 'cdk.out/manifest.json'), '{');
    expect(await find({ stack: 'Other' })).toMatchObject({ stack: 'Other' });
  });

  it('is found by its environment', async () => {
    await synthesize(app, [dev, prod], 'build/cloud');

    expect(await find({ env: 'production' }, { AFTER_PARTY_STACK: 'S' })).toEqual({
      stack: 'Prod-Shop',
      party: undefined,
      region: 'us-east-1',
    });
  });

  it('is named within a stack that has several', async () => {
    await synthesize(app, [dev, { ...dev, party: 'Chores' }, prod]);

    expect(await find({ env: 'dev', party: 'Chores' })).toMatchObject({ stack: 'Dev-Shop', party: 'Chores' });
    expect(await find({ party: 'Chores' })).toMatchObject({ stack: 'Dev-Shop', party: 'Chores' });
    await expect(find({ env: 'dev' })).rejects.toMatchObject({
      code: 'which-party',
      message: 'cdk.out has 2 parties in the environment "dev"',
      resolution: 'choose one:\n--stack Dev-Shop --party Tasks\n--stack Dev-Shop --party Chores',
    });
    await expect(find({ env: 'dev', party: 'Cleaning' })).rejects.toMatchObject({
      code: 'unknown-party',
      resolution: expect.stringMatching(/--party Chores\n--env production$/),
    });
  });
});

describe('fails', () => {
  it('with a list where several parties could be meant', async () => {
    await synthesize(app, [dev, prod]);

    await expect(find()).rejects.toMatchObject({
      code: 'which-party',
      resolution: 'choose one:\n--env dev\n--env production',
    });
    await expect(find({}, { AFTER_PARTY_STACK: '' })).rejects.toMatchObject({ code: 'which-party' });
    await expect(find({ party: 'Chores' })).rejects.toMatchObject({ code: 'unknown-party' });
  });

  it('with what there is, for an environment that is not there or not known yet', async () => {
    await synthesize(app, [dev, prod, { stack: 'Any', env: { Ref: 'Stage' } }]);

    await expect(find({ env: 'prodution' })).rejects.toMatchObject({
      code: 'unknown-environment',
      message: 'cdk.out has no environment "prodution"',
      resolution:
        'it has dev, production\ndid you mean --env production?\nthe environment of Any is known only once it is deployed: name it with --stack Any',
    });
  });

  it('where nothing says which stack', async () => {
    await expect(find()).rejects.toMatchObject({
      code: 'no-stack-named',
      resolution: expect.stringMatching(/--stack.*AFTER_PARTY_STACK.*--local/),
    });
    await expect(find({ env: 'dev' })).rejects.toMatchObject({
      code: 'no-cdk-out',
      resolution: expect.stringContaining('npx cdk synth'),
    });
    await synthesize(app, []);
    await expect(find()).rejects.toMatchObject({
      code: 'no-stack-named',
      message: expect.stringContaining(app),
    });
    await expect(find({ env: 'dev' })).rejects.toMatchObject({ code: 'unknown-environment' });
  });

  it('where the app cannot be read', async () => {
    await synthesize(app, [dev]);
    await writeFile(join(app, 'cdk.out/Dev-Shop.template.json'), '{');
    await expect(find()).rejects.toMatchObject({ code: 'bad-cdk-out' });
    await writeFile(join(app, 'cdk.json'), '{ "output": 1 }');
    await expect(find()).rejects.toMatchObject({
      code: 'bad-cdk-json',
      message: expect.stringContaining(join(app, 'cdk.json')),
    });
  });
});

describe('of a stack that is missing where it was looked for', () => {
  it.each([
    ['Prod-Shop', 'cdk.out has it in 222222222222 us-east-1: add --region us-east-1'],
    ['Dev-Shop', /^cdk.out has it in the account 111111111111: check --profile .*npx cdk deploy Dev-Shop$/],
    ['Pord-Shop', 'did you mean --stack Prod-Shop? cdk.out has Dev-Shop, Prod-Shop'],
    ['Warehouse', /^check --stack, --region and --profile; cdk.out has Dev-Shop, Prod-Shop, /],
  ])('%s, it says what cdk.out knows', async (stack, hint) => {
    await synthesize(app, [dev, prod]);

    expect(await missingStackHint(stack, 'eu-west-1', app)).toMatch(hint);
  });

  it('it says the usual where cdk.out says nothing', async () => {
    expect(await missingStackHint('Shop', 'eu-west-1', app)).toContain('npx cdk list --long');
    await synthesize(app, [dev]);
    await writeFile(join(app, 'cdk.out/manifest.json'), '{');
    expect(await missingStackHint('Shop', 'eu-west-1', app)).toContain('npx cdk list --long');
  });
});
