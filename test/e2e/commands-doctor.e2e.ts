import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { CdkApp } from './harness/cdk-app.ts';
import { startDenyingAws } from './harness/denying-aws.ts';
import { DeployedStack } from './harness/deployed-stack.ts';
import { shopApp, task } from './harness/shop-app.ts';

const STACK = 'Patient';
const stack = new DeployedStack(STACK);
let app: CdkApp;

interface Examined {
  readonly exitCode: number | null;
  /** What there is to see, one element per check. */
  readonly checks: Readonly<Record<string, string>>;
}

/** Has the doctor look, and reads what a person would; nothing of it may be on stderr. */
async function examine(env: NodeJS.ProcessEnv, program: string, ...args: string[]): Promise<Examined> {
  const { exitCode, stdout, stderr } = await app.runIn(env, program, ...args);
  expect(stderr).toBe('');
  const checks = stdout.split(/^(?=[✔✖·] )/m).map((lines): [string, string] => {
    const [, mark, name, message] = /^(.) (.{11}) {2}(.*)$/s.exec(lines) ?? [];
    return [String(name).trim(), `${mark} ${message?.replace(/\s+/g, ' ').trim()}`];
  });
  return { exitCode, checks: Object.fromEntries(checks) };
}

const doctorIn = (env: NodeJS.ProcessEnv, ...args: string[]): Promise<Examined> =>
  examine(env, 'after-party', 'doctor', ...args);
const doctor = (...args: string[]): Promise<Examined> => doctorIn(app.environment, ...args);

beforeAll(async () => {
  app = await shopApp('patient', { stack: STACK, tasks: { '1_first': task() } });
  const { exitCode, output } = await app.deploy();
  expect(exitCode, output).toBe(0);
});

describe('doctor', () => {
  it('finds nothing wrong with a party that is well', async () => {
    const { exitCode, checks } = await doctor();

    expect(exitCode).toBe(0);
    expect(Object.entries(checks).map(([name, said]) => `${said[0]} ${name}`)).toEqual([
      ...['✔ node', '✔ cdk.out', '✔ task files', '✔ credentials', '✔ stack', '✔ version'],
      ...['✔ permissions', '✔ runner', '✔ tasks'],
    ]);
    expect(checks.stack).toContain('Patient/Tasks in 000000000000 us-east-1');
    expect(checks.runner).toContain('it loads, and reaches the ledger');
  });

  it('says the same as JSON', async () => {
    const { exitCode, stdout, stderr } = await app.afterParty('doctor', '--json');

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { ok, checks } = JSON.parse(stdout);
    expect(ok).toBe(true);
    expect(checks).toContainEqual(
      expect.objectContaining({ check: 'runner', state: 'ok', resolution: null }),
    );
  });

  it('finds credentials missing', async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...env } = app.environment;

    const { exitCode, checks } = await doctorIn(env);

    expect(exitCode).toBe(2);
    expect(checks.credentials).toMatch(/^✖ no AWS credentials were found.* → .*--profile/);
  });

  it('finds that there is no such stack, and where it looked', async () => {
    const elsewhere = await doctor('--stack', STACK, '--region', 'eu-west-1');
    const misspelt = await doctor('--stack', 'Patent');

    expect(elsewhere.exitCode).toBe(2);
    expect(elsewhere.checks.stack).toMatch(/^✖ .*Patient.*eu-west-1.* → /);
    expect(misspelt.exitCode).toBe(2);
    expect(misspelt.checks.stack).toMatch(/^✖ .*Patent.* → .*--stack Patient/);
  });
});

describe('doctor of another version', () => {
  /** The installed program, with a version that it was not published as. */
  async function doctorOf(version: string): Promise<Examined> {
    const copy = join(app.folder, `doctor-${version}`);
    const made = await app.run('cp', '-RL', join(inject('installation'), 'node_modules/after-party'), copy);
    expect(made.output).toBe('');
    const file = join(copy, 'package.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), version }));
    return examine(app.environment, 'node', join(copy, 'dist/bin/after-party.js'), 'doctor');
  }

  it('finds an older construct', async () => {
    const { exitCode, checks } = await doctorOf('99.0.0');

    expect(exitCode).toBe(2);
    expect(checks.version).toMatch(/^✖ the construct is older.* and this is 99\.0\.0 → .*npx cdk deploy/);
  });

  it('finds a newer construct', async () => {
    const { exitCode, checks } = await doctorOf('0.0.1');

    expect(exitCode).toBe(2);
    expect(checks.version).toMatch(/^✖ the construct is newer.* → npm install after-party@/);
  });
});

describe('doctor for somebody whom AWS does not let', () => {
  async function denied(isDenied: (path: string) => boolean): Promise<Examined> {
    const aws = await startDenyingAws(inject('endpoint'), isDenied);
    try {
      return await doctorIn({ ...app.environment, AWS_ENDPOINT_URL: aws.endpoint });
    } finally {
      await aws.stop();
    }
  }

  it('finds that they may only look', async () => {
    // The alias that reads is in the query.
    const { exitCode, checks } = await denied((path) => /\/invocations$/.test(path));

    expect(exitCode).toBe(2);
    expect(checks.permissions).toMatch(/^✖ .*lambda:InvokeFunction.* → .*party\.grantOperate\(role\)/);
    expect(checks.runner).toMatch(/^· not checked/);
    expect(checks.tasks).toMatch(/^✔/);
  });

  it('finds that they may not even look', async () => {
    const { exitCode, checks } = await denied((path) => path.includes('/invocations'));

    expect(exitCode).toBe(2);
    expect(checks.permissions).toMatch(/^✖ .*lambda:InvokeFunction.* → .*party\.grantStatus\(role\)/);
  });
});

describe('doctor of what is deployed', () => {
  it('finds a task that broke off unnoticed', async () => {
    const TableName = await stack.ledger();
    const record = (await stack.items(TableName)).find(({ sk }) => sk === 'task#1');
    const edit = (state: string): Promise<unknown> =>
      stack.documents.send(
        new UpdateCommand({
          TableName,
          Key: { pk: record?.pk, sk: record?.sk },
          UpdateExpression: 'SET #state = :state, run = :run, leaseUntil = :past',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':state': state, ':run': 'a'.repeat(32), ':past': record?.startedAt },
        }),
      );
    await edit('running');
    const { exitCode, checks } = await doctor();
    await edit('succeeded');

    expect(exitCode).toBe(2);
    expect(checks.tasks).toMatch(/^✖ 1_first is stale.* → .*npx after-party run/);
  });

  it('finds a runner that cannot reach DynamoDB', async () => {
    const cut = await shopApp('patient', {
      stack: STACK,
      environment: `AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1'`,
      tasks: {},
    });
    expect(await cut.deploy()).toMatchObject({ exitCode: 0 });

    const { exitCode, checks } = await doctor();

    expect(exitCode).toBe(2);
    expect(checks.runner).toMatch(/^✖ the runner cannot reach DynamoDB: .* → .*addGatewayEndpoint/);
    expect(checks.permissions).toMatch(/^✔/);
  });
});
