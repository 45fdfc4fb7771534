import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { followed } from '../documents/run-by.ts';
import { packedTarball } from './harness/packed-package.ts';
import { Shell } from './harness/shell.ts';
import { ShownLines } from './harness/shown-lines.ts';

const TASK = `import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { defineTask } from 'after-party/task';

const client = new DynamoDBClient();

export default defineTask({
  async run({ env, environmentName }) {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: env.USERS_TABLE }));
    return \`\${Items.map(({ id }) => id?.S)} in \${environmentName} of \${env.API_URL}\`;
  },
});
`;

const table = (TableName: string) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  },
});
/** What something else has deployed. */
const DEPLOYED = {
  Resources: {
    Users: table('users'),
    UsersOfProduction: table('users-production'),
    Deployer: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'deployer',
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] },
      },
    },
  },
};

beforeAll(async () => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const aws = { endpoint: inject('endpoint'), region: 'us-east-1', credentials };
  const client = new CloudFormationClient(aws);
  const StackName = 'shop';
  await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(DEPLOYED) }));
  await waitUntilStackCreateComplete({ client, maxWaitTime: 120, minDelay: 1, maxDelay: 1 }, { StackName });
  const tables = new DynamoDBClient(aws);
  for (const [TableName, id] of [
    ['users', 'ann'],
    ['users-production', 'bob'],
  ] as const) {
    await tables.send(new PutItemCommand({ TableName, Item: { id: { S: id } } }));
  }
  client.destroy();
  tables.destroy();
});

it('runs tasks beside what Terraform deploys, from an empty folder', async () => {
  const lines = new ShownLines(followed.standalone);
  const [, settings] = followed.standalone.map(({ code }) => code);
  const shell = await Shell.open();
  onTestFinished(() => shell.close());
  await shell.approveRoles();
  const ok = async (line: string): Promise<string> => {
    const { code, printed } = await shell.run(line);
    expect(code, `${line}\n${printed}`).toBe(0);
    return printed;
  };
  await ok('mkdir shop && cd shop');

  // npx would fetch it from the registry.
  const program = join(inject('installation'), 'node_modules/.bin/after-party');
  const said = await ok(lines.take('init --standalone').replace('npx after-party', program));
  const [install = '', generate = '', ...deploys] = nextSteps(said);
  await pinPackedPackage(shell.folder);
  await ok(install);
  const [file = ''] =
    /tasks\/\d+_list_users\.ts/.exec(await ok(generate.replace('NAME', 'list_users'))) ?? [];
  const { app, context } = JSON.parse(await readFile(join(shell.folder, 'cdk.json'), 'utf8'));
  await shell.write({ [file]: TASK, 'cdk.json': String(settings) });
  for (const line of deploys) await ok(line);

  expect(JSON.parse(String(settings))).toMatchObject({ app, context: { stack: context.stack } });
  expect(await ok('npx after-party status')).toContain('ann in shop-tasks of https://api.example.com');

  const pipeline = await Shell.open(shell.folder);
  onTestFinished(() => pipeline.close());
  await pipeline.install(
    'terraform',
    `[ "$*" = "output -json tables" ] && echo '{"USERS_TABLE":"users-production"}'`,
  );
  const deployed = await pipeline.run(lines.take('terraform output'));
  const status = await pipeline.run('npx after-party status');

  expect(deployed.code, deployed.printed).toBe(0);
  expect(status.printed).toContain('bob in production of https://api.example.com');
  expect(lines.left).toEqual([]);
}, 900_000);

/** The command lines that `init` says come next. */
function nextSteps(said: string): string[] {
  const [, next = ''] = /^Next:\n\n(.*?)\n\n/ms.exec(said) ?? [];
  return next.split('\n').map((line) => line.trim().replace(/ {2,}.*/, ''));
}

/** Has npm install what was packed in place of what the registry has. */
async function pinPackedPackage(folder: string): Promise<void> {
  const file = join(folder, 'package.json');
  const text = await readFile(file, 'utf8');
  const pinned = text.replace(/(?<="after-party": )"[^"]+"/, JSON.stringify(`file:${await packedTarball()}`));
  expect(pinned).not.toBe(text);
  await writeFile(file, pinned);
}
