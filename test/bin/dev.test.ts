import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endDatabaseServers } from '../database-servers.ts';
import { gone } from '../functions/local/processes.ts';
import { runProgramFile } from './child-program.ts';
import { DevSession } from './dev-session.ts';

let app: string;
let sessions: DevSession[];
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-dev-'));
  sessions = [];
  await mkdir(join(app, 'tasks'));
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
});
afterEach(async () => {
  for (const session of sessions) session.kill();
  await Promise.all(sessions.map(({ ended }) => ended));
  await endDatabaseServers(app);
  await rm(app, { recursive: true, force: true });
});

function dev(...argv: string[]): DevSession {
  const session = new DevSession(app, ...argv);
  sessions.push(session);
  return session;
}

const writeTask = (file: string, body: string, head = '') =>
  writeFile(
    join(app, 'tasks', file),
    `import { defineTask } from 'after-party/task';\n${head}export default defineTask({\n  ${body}\n});\n`,
  );

/** A task that says its process id and does not end. */
const ENDLESS =
  "async run({ logger }) { logger.info('pid=' + process.pid + '.'); await new Promise(() => setInterval(() => {}, 1000)); }";

/** The process that the task said it runs in. */
const pidIn = (text: string) => Number(/pid=(\d+)\./.exec(text)?.[1]);

describe('dev', { timeout: 240_000 }, () => {
  it('runs the task, again on each save, whatever came of it before, and records nothing', async () => {
    await writeTask(
      '1_say_hello.ts',
      "run: ({ logger, attempt }) => { logger.info('hello'); return { attempt }; }",
    );
    const session = dev();

    const first = await session.round();
    await writeTask('1_say_hello.ts', "run() {\n    throw new TypeError('no name');\n  }");
    const second = await session.round();
    await writeFile(join(app, 'tasks/1_say_hello.ts'), 'export default ;');
    const third = await session.round();
    await writeTask('1_say_hello.ts', 'run: ({ attempt }) => ({ attempt })');
    const fourth = await session.round();
    const { code } = await session.interrupt();
    const status = await runProgramFile(['status', '--local', '--json'], { cwd: app });

    expect(first).toMatch(/say_hello {2}INFO {2}hello\n/);
    expect(first).toMatch(/✔ 1_say_hello .*\{"attempt":1\}/);
    expect(second).toMatch(/tasks\/1_say_hello\.ts changed\n/);
    expect(second).toMatch(/✖ 1_say_hello .*no name/);
    expect(second).toMatch(/TypeError: no name\n {6}at .*tasks\/1_say_hello\.ts:4:11\)\n/);
    expect(second).not.toMatch(/durationMs|functions\/runner/);
    expect(third).toContain('tasks/1_say_hello.ts:1:16: Unexpected ";"');
    expect(fourth).toMatch(/✔ 1_say_hello .*\{"attempt":1\}/);
    expect(code).toBe(0);
    expect(JSON.parse(status.stdout).tasks).toMatchObject([
      { name: 'say_hello', state: 'pending', attempt: 0 },
    ]);
  });

  it('looks at what the task imports, also where that is not there yet, and at its variables', async () => {
    await writeTask(
      '1_greet.ts',
      "run: ({ env }) => greeting + ' ' + env.WHO",
      "import { greeting } from '../lib/greeting.ts';\n",
    );
    await mkdir(join(app, 'lib'));
    const session = dev('greet');

    const missing = await session.round();
    await writeFile(join(app, 'lib/greeting.ts'), "export const greeting = 'hello';");
    const unnamed = await session.round();
    await writeFile(join(app, 'tasks/.env.local'), 'WHO=ann\n');
    const named = await session.round();
    await writeFile(join(app, 'lib/greeting.ts'), "export const greeting = 'good morning';");
    const again = await session.round();

    expect(missing).toContain('Could not resolve "../lib/greeting.ts"');
    expect(unnamed).toContain('WHO');
    expect(named).toContain('✔ 1_greet');
    expect(named).toContain('hello ann');
    expect(again).toMatch(/lib\/greeting\.ts changed(.|\n)*good morning ann/);
  });

  it('begins anew when it is saved while it runs, and leaves no process at Ctrl-C', async () => {
    await writeTask('1_wait.ts', ENDLESS);
    const session = dev();

    const first = (await session.says('pid=')) + (await session.says('.'));
    await writeTask('1_wait.ts', `${ENDLESS} // saved`);
    const second =
      (await session.says('tasks/1_wait.ts changed')) +
      (await session.says('pid=')) +
      (await session.says('.'));
    await gone(pidIn(first));
    const { code } = await session.interrupt();

    await gone(pidIn(second));
    expect(code).toBe(130);
  });

  it('hands on params and dry runs, and minds neither other tasks nor what it comes after', async () => {
    await writeTask('1_first.ts', 'run() {}');
    await writeFile(join(app, 'tasks/2_broken.ts'), 'export default ;');
    const schema =
      "{ '~standard': { version: 1, vendor: 'test', validate: (value) => value.who ? { value } : { issues: [{ message: 'who is it?' }] } } }";
    await writeTask(
      '3_greet.ts',
      `when: 'manual', after: ['first'], params: ${schema}, run: ({ params, dryRun, logger }) => logger.info(\`\${params.who} \${dryRun}\`)`,
    );

    const greeted = await dev('greet', '--params', '{"who":"ann"}').round();
    const dry = await dev('3', '--dry-run', '--params', '{"who":"bob"}').round();
    const refused = await dev('greet', '--params', '{}').round();

    expect(greeted).toContain('ann false');
    expect(dry).toContain('bob true');
    expect(refused).toContain('who is it?');
  });

  it('executes only the keys or shards that are named, without asking for all', async () => {
    const log = 'run: ({ key, shard, logger }) => logger.info(JSON.stringify({ key, shard }))';
    await writeTask('1_tenants.ts', `forEach() { throw new Error('asked for all'); }, ${log}`);
    await writeTask('2_shards.ts', `shards: 4, ${log}`);

    const keys = await dev('tenants', '--key', 'acme', '--key', 'älpha #1').round();
    const shard = await dev('shards', '--key', '3').round();
    const wrong = await dev('shards', '--key', '5').round();

    expect(keys).toContain('{"key":"acme"}');
    expect(keys).toContain('{"key":"älpha #1"}');
    expect(shard.match(/\{"shard":.*/g)).toEqual(['{"shard":{"index":2,"count":4}}']);
    expect(wrong).toMatch(/error .*5/);
  });

  it('empties the folder of this machine where it is told to', async () => {
    await writeTask('1_one.ts', "run: () => 'one ran'");
    await mkdir(join(app, '.after-party'));
    await writeFile(join(app, '.after-party/format.json'), '{"format":0}');

    const older = await dev('one').round();
    const emptied = await dev('one', '--reset').round();

    expect(older).toMatch(/error .*older version(.|\n)*--reset/);
    expect(emptied).toContain('one ran');
  });

  it('takes the task that was changed last, or says which there are', async () => {
    const none = await dev().ended;
    await writeTask('1_one.ts', "run: () => 'one ran'");
    await writeTask('2_two.ts', "run: () => 'two ran'");
    const several = await dev().ended;
    const unknown = await dev('too').ended;
    const badParams = await dev('two', '--params', '{').ended;
    await utimes(join(app, 'tasks/2_two.ts'), 1_700_000_000, 1_700_000_000);
    const last = await dev().round();

    expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('generate task') });
    expect(several).toMatchObject({ code: 2, stderr: expect.stringContaining('after-party dev one | two') });
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no task "too" \(did you mean two\?\)\n.*after-party status --local/),
    });
    expect(badParams).toMatchObject({ code: 2, stderr: expect.stringContaining('--params') });
    expect(last).toContain('one ran');
  });
});
