import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endDatabaseServers } from '../database-servers.ts';
import { runBuilt, runShell } from './built-program.ts';
import { partyStatus } from './command-line.ts';
import { type FakeAws, startFakeAws } from './party/fake-aws.ts';
import { synthesize } from './party/synthesized-app.ts';

let app: string;
let aws: FakeAws;
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-found-'));
  aws = await startFakeAws({
    resources: { error: 'ValidationError', message: 'Stack with id does not exist' },
    nested: {
      'Prod-Shop': [
        [
          { type: 'Custom::AfterParty', physicalId: 'Tasks' },
          { type: 'Custom::AfterParty', physicalId: 'Chores' },
        ],
      ],
    },
    invoke: ({ functionName }) => ({
      v: 1,
      ok: partyStatus({ environment: 'production', party: functionName, stack: 'Prod-Shop' }),
    }),
  });
  await synthesize(app, [
    { stack: 'Dev-Shop', env: 'dev', target: 'aws://111111111111/eu-west-1' },
    { stack: 'Prod-Shop', env: 'production' },
    { stack: 'Prod-Shop', env: 'production', party: 'Chores' },
  ]);
});
afterEach(async () => {
  await aws.stop();
  await endDatabaseServers(app);
  await rm(app, { recursive: true });
});

const afterParty = (argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runBuilt(argv, {
    cwd: app,
    env: {
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...env,
    },
  });

it('lists the parties of the app, and ends with 2, where no flag says which', async () => {
  expect(await afterParty(['status'])).toEqual({
    code: 2,
    stdout: '',
    stderr: `error cdk.out has 3 parties
      choose one:
      --env dev
      --stack Prod-Shop --party Tasks
      --stack Prod-Shop --party Chores
`,
  });
});

it.each([
  [['--env', 'production', '--party', 'Chores'], 'Chores'],
  [['--stack', 'Prod-Shop', '--party', 'Tasks'], 'Tasks'],
  [['--party', 'Chores'], 'Chores'],
])('finds the party by %j', async (flags, party) => {
  const { code, stdout, stderr } = await afterParty(['status', ...flags]);

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`production · Prod-Shop/${party}`);
});

it('takes the stack of the variable where the app has several', async () => {
  const env = { AFTER_PARTY_STACK: 'Prod-Shop' };

  expect(await afterParty(['status'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('name one of them: --party Chores | --party Tasks'),
  });
});

it('shows commands that lead to the party when they are pasted', async () => {
  const resolution = 'wait, or: npx after-party cancel abc';
  await aws.stop();
  const error = { code: 'held', message: 'it is being executed', resolution };
  const resources = ['Tasks', 'Chores'].map((physicalId) => ({ type: 'Custom::AfterParty', physicalId }));
  aws = await startFakeAws({
    arn: 'arn:aws:iam::1:user/ann',
    nested: { 'Prod-Shop': [resources] },
    invoke: ({ functionName, request }) =>
      (request as { request: string }).request === 'status'
        ? { v: 1, ok: partyStatus({ party: functionName }) }
        : { v: 1, error },
  });
  const flags = ['--env', 'production', '--party', 'Chores', '--region', 'eu-west-1'];

  const { code, stderr } = await afterParty(['pause', 'a', ...flags]);

  expect([code, stderr]).toEqual([
    4,
    `error it is being executed\n      wait, or: npx after-party cancel abc ${flags.join(' ')}\n`,
  ]);
});

it('shows commands that can be pasted on this machine, too', async () => {
  await mkdir(join(app, 'tasks'));
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  const task =
    "import { defineTask } from 'after-party/task';\nexport default defineTask({ run: () => 'hi' });\n";
  await writeFile(join(app, 'tasks/1_greet.ts'), task);

  const { stderr } = await afterParty([
    'resume',
    'greet',
    '--local',
    '--stack',
    'Prod-Shop',
    '--party',
    'Chores',
  ]);

  const [, pasted = ''] = /to run it now: (npx after-party .*)\n/.exec(stderr) ?? [];
  expect(pasted).toBe('npx after-party invoke greet --local --stack Prod-Shop --party Chores');
  const end = await runShell(`npx() { "$@"; }\n${pasted}`, { cwd: app });
  expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining('1 of 1 ran: greet') });
});

it.each([
  [['--env', 'prodution'], 'did you mean --env production?'],
  [['--env', 'dev'], 'there is no stack "Dev-Shop" in eu-west-1'],
  [['--stack', 'Dev-Shop'], 'cdk.out has it in 111111111111 eu-west-1: add --region eu-west-1'],
  [['--env', 'production', '--party', 'Cleaning'], 'cdk.out has no party production/Cleaning'],
  [['--env', 'dev', '--stack', 'Dev-Shop'], "cannot be used with option '--env <name>'"],
  [['--env', 'dev', '--profile', 'nobody'], 'there is no profile "nobody"'],
])('says what is wrong with %j', async (flags, says) => {
  expect(await afterParty(['status', ...flags])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(says),
  });
});
