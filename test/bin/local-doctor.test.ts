import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient } from '../../functions/ledger/index.ts';
import { openDatabase } from '../../functions/local/index.ts';
import { endDatabaseServers } from '../database-servers.ts';
import { runProgramFile } from './child-program.ts';

let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-doctor-'));
  await mkdir(join(app, 'tasks'));
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  await writeTask(
    '1_wait.ts',
    "async run({ logger }) { logger.info('on it'); await new Promise(() => setInterval(() => {}, 1000)); }",
  );
});
afterAll(async () => {
  await endDatabaseServers(app);
  await rm(app, { recursive: true, force: true });
});

const doctor = (...flags: string[]) => runProgramFile(['doctor', '--local', ...flags], { cwd: app });
const writeTask = (file: string, body: string) =>
  writeFile(
    join(app, 'tasks', file),
    `import { defineTask } from 'after-party/task';\nexport default defineTask({ ${body} });\n`,
  );
/** Code that every process of Node begins with which has the tasks' variables. */
const beginRunnersWith = (code: string) =>
  writeFile(
    join(app, 'tasks/.env.local'),
    code && `NODE_OPTIONS=--import=data:text/javascript,${encodeURIComponent(code)}\n`,
  );

describe('doctor --local', () => {
  it('looks into the machine, the app and its tasks, and has a runner started', async () => {
    const well = await doctor();

    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout.split('\n').map((line) => line.slice(0, 14).trim())).toEqual([
      ...['✔ node', '· cdk.out', '✔ task files', '✔ database', '✔ runner', '✔ tasks', ''],
    ]);
  });

  it('finds a runner that cannot reach DynamoDB, and one that does not start', async () => {
    await beginRunnersWith("process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:1'");
    const unreached = await doctor();
    await beginRunnersWith('process.exit(3)');
    const broken = await doctor();
    await beginRunnersWith('');

    expect(unreached.code).toBe(2);
    expect(unreached.stdout).toMatch(/✖ runner {7}the runner cannot reach DynamoDB: .*ECONNREFUSED/);
    expect(unreached.stdout).toMatch(/→ .*tasks\/\.env\.local/);
    expect(broken.code).toBe(2);
    expect(broken.stdout).toMatch(/✖ runner {7}.*exit code 3 when it was called/);
  });

  it('finds a task whose runner is gone, and leaves it so', async () => {
    await runProgramFile(['invoke', 'wait', '--local'], {
      cwd: app,
      meanwhile: (child) =>
        child.stderr?.on('data', (said) => {
          if (String(said).includes('on it')) child.kill('SIGKILL');
        }),
    });
    await endLease('task#1');

    const first = await doctor();
    const second = await doctor('--json');

    expect(first.code).toBe(2);
    expect(first.stdout).toMatch(/✖ tasks {8}1_wait is stale/);
    expect(first.stdout).toContain('npx after-party run --local');
    expect(JSON.parse(second.stdout)).toMatchObject({ ok: false });
  });

  it('finds tasks that do not compile, do not load or are misnamed, and goes no further', async () => {
    for (const [file, text] of [
      ['2_bad.ts', 'export default ;'],
      ['2_bad.ts', 'export const task = 1;'],
      ['bad.ts', ''],
    ] as const) {
      await writeFile(join(app, 'tasks', file), text);
      const { code, stdout } = await doctor();
      await rm(join(app, 'tasks', file));

      expect(code).toBe(2);
      expect(stdout).toMatch(new RegExp(`✖ task files   [^→]*${file}`));
      expect(stdout).toContain('· party');
    }
  });

  it('finds an .after-party of another version, and is content once that is emptied', async () => {
    const mark = join(app, '.after-party/format.json');
    const own = await readFile(mark, 'utf8');
    await writeFile(mark, '{"format":0}');
    const older = await doctor();
    await writeFile(mark, own);
    const emptied = await doctor('--reset');

    expect(older.code).toBe(2);
    expect(older.stdout).toMatch(/✖ database .*older version(.|\n)*→ .*--reset/);
    expect(emptied.code).toBe(0);
    expect(emptied.stdout).toContain('✔ runner');
  });

  it('finds a cdk.out that cannot be read', async () => {
    await mkdir(join(app, 'cdk.out'));
    await writeFile(join(app, 'cdk.out/manifest.json'), '{');
    const { code, stdout } = await doctor();
    await rm(join(app, 'cdk.out'), { recursive: true });

    expect(code).toBe(2);
    expect(stdout).toMatch(/✖ cdk.out .*manifest.json cannot be read(.|\n)*→ .*npx cdk synth/);
  });

  it('finds a folder without an app', async () => {
    const { code, stdout } = await runProgramFile(['doctor', '--local'], { cwd: tmpdir() });

    expect(code).toBe(2);
    expect(stdout).toMatch(/✖ party {8}there is no cdk.json/);
  });

  it('finds an .after-party that is no folder', async () => {
    const other = await mkdtemp(join(tmpdir(), 'after-party-doctor-'));
    await mkdir(join(other, 'tasks'));
    await writeFile(join(other, 'cdk.json'), '{}');
    await writeFile(join(other, '.after-party'), '');
    const { code, stdout } = await runProgramFile(['doctor', '--local'], { cwd: other });
    await rm(other, { recursive: true });

    expect(code).toBe(2);
    expect(stdout).toMatch(/✖ database .*\.after-party cannot be written to/);
  });
});

/** Has the invocation that executes a task be over without a word. */
async function endLease(sk: string): Promise<void> {
  const database = await openDatabase(join(app, '.after-party'));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = createDocumentClient({ endpoint: database.endpoint, region: 'us-east-1', credentials });
  await client.send(
    new UpdateCommand({
      TableName: 'after-party',
      Key: { pk: 'tasks', sk },
      UpdateExpression: 'SET leaseUntil = :past',
      ConditionExpression: 'attribute_exists(leaseUntil)',
      ExpressionAttributeValues: { ':past': '2026-01-01T00:00:00.000Z' },
    }),
  );
  client.destroy();
  database.close();
}
