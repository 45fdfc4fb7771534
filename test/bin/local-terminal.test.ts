import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { columnsOf } from '../../bin/terminal/text-width.ts';
import { endDatabaseServers } from '../database-servers.ts';
import { runProgramFile } from './child-program.ts';
import { CTRL_C, openTerminal } from './pty.ts';

const QUICK = `
import { defineTask } from 'after-party/task';
export default defineTask({ run: () => 'done at once' });
`;

/** Waits in the middle of its items until it is let go. */
const LONG = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';
import { list } from 'after-party/sources';

export default defineTask({
  when: 'manual',
  items: list(Array.from({ length: 20 }, (_, index) => index)),
  async process(item, { env, logger, signal }) {
    if (item === 8) logger.info('in the middle');
    while (item === 8 && !existsSync(env.GO) && !signal.aborted) await sleep(20);
    // Saved at most once a second: the bar is to be seen before it is full.
    if (item < 8) await sleep(160);
  },
});
`;
/** Its first shard ends at once, the others wait until they are let go. */
const SPLIT = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';

export default defineTask({
  when: 'manual',
  shards: 4,
  parallel: 2,
  async run({ env, shard, signal }) {
    while (shard.index > 0 && !existsSync(env.GO) && !signal.aborted) await sleep(20);
  },
});
`;
/** Is due with each deploy, unlike the others, so that it can be paused before it has begun. */
const DUE = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';

export default defineTask({
  async run({ env, logger, signal }) {
    logger.info('in the middle');
    while (!existsSync(env.GO) && !signal.aborted) await sleep(20);
  },
});
`;

let app: string;
let go: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'after-party-terminal-'));
  go = join(app, 'go');
  await mkdir(join(app, 'tasks'));
  await writeFile(join(app, 'cdk.json'), '{}');
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  await writeFile(join(app, 'tasks/20260101000000_quick.ts'), QUICK);
  await writeFile(join(app, 'tasks/20260102000000_renumber_all_orders.ts'), LONG);
  await writeFile(join(app, 'tasks/20260103000000_split.ts'), SPLIT);
  await writeFile(join(app, 'tasks/20260104000000_due.ts'), DUE);
  await writeFile(join(app, 'tasks/.env.local'), `GO=${go}\n`);
  expect(await runProgramFile(['invoke', 'quick', '--local'], { cwd: app })).toMatchObject({ code: 0 });
});
afterEach(() => rm(go, { force: true }));
afterAll(async () => {
  await endDatabaseServers(app);
  await rm(app, { recursive: true, force: true });
});

const inTerminal = (argv: readonly string[], options: { columns?: number; env?: NodeJS.ProcessEnv } = {}) =>
  openTerminal([...argv, '--local'], { cwd: app, ...options });
const json = async (...argv: string[]) => {
  const { stdout, stderr } = await runProgramFile([...argv, '--local', '--json'], { cwd: app });
  if (stdout === '') throw new Error(`${argv.join(' ')} printed nothing: ${stderr}`);
  return JSON.parse(stdout);
};
const shown = (name: string) => json('show', name);
const widest = (text: string) => Math.max(...text.split('\n').map(columnsOf));

describe('a question in a terminal', { timeout: 120_000 }, () => {
  const INVOKE = ['invoke', 'quick'];
  const RESET = ['reset', 'quick', '--reason', 'x'];

  it('is answered with y', async () => {
    const terminal = inTerminal(INVOKE);
    await terminal.sees('Yes');
    terminal.press('y');

    expect(await terminal.end()).toBe(0);
    expect(terminal.text).toContain('1 of 1 ran: quick');
    expect(terminal.hasCursor).toBe(true);
  });

  it.each([
    ['n', 'n', INVOKE, 2],
    ['Enter', '\r', INVOKE, 2],
    ['n', 'n', RESET, 2],
    ['Ctrl-C', CTRL_C, INVOKE, 130],
    ['Ctrl-C', CTRL_C, RESET, 130],
  ])('is answered with %s, and nothing is done', async (_, key, argv, code) => {
    const before = await shown('quick');
    const terminal = inTerminal(argv);
    await terminal.sees('Yes');
    terminal.press(key);

    expect(await terminal.end()).toBe(code);
    expect(terminal.text).toMatch(/nothing was (started|changed|done)/);
    expect(terminal.hasCursor).toBe(true);
    expect(await shown('quick')).toEqual(before);
  });

  it('has no colours with --no-color and NO_COLOR, and is read in 40 columns', async () => {
    const flag = inTerminal([...RESET, '--no-color'], { columns: 40 });
    const variable = inTerminal(RESET, { columns: 40, env: { NO_COLOR: '1' } });
    const painted = inTerminal(RESET);
    const colour = /\[3\dm/;
    for (const terminal of [flag, variable, painted]) {
      await terminal.sees('Reset?');
      terminal.press('n');
      expect(await terminal.end()).toBe(2);
    }

    expect(painted.written).toMatch(colour);
    expect(flag.written).not.toMatch(colour);
    expect(variable.written).not.toMatch(colour);
  });

  it('is not asked of a terminal without cursor control', async () => {
    const terminal = inTerminal(RESET, { env: { TERM: 'dumb' } });

    expect(await terminal.end()).toBe(2);
    expect(terminal.text).toContain('add --yes');
    expect(stripVTControlCharacters(terminal.written)).toBe(terminal.written);
  });
});

describe('a run in a terminal', { timeout: 120_000 }, () => {
  const INVOKE = ['invoke', 'renumber_all_orders', '--from-start', '--yes'];
  /** By the request to cancel, or by the end of its process. */
  const ENDED = ['cancelled', 'failed'];
  const BAR = /◐ 20260102000000_renumber_all_orders {2}▇▇▇▇▁▁▁▁▁▁ 40 %/;
  const SHORT = /^◐ renumber_all_orders {2}.*40 %.*$/m;
  const atItsMiddle = async (argv: readonly string[], columns?: number) => {
    const terminal = inTerminal(argv, { ...(columns !== undefined && { columns }) });
    await terminal.sees(/in the mid\s?d\s?le/);
    return terminal;
  };

  it('has a bar, laid out anew when the terminal is resized, and leaves none behind', async () => {
    const terminal = await atItsMiddle(INVOKE);
    await terminal.sees(BAR);
    terminal.resize(40);
    await terminal.sees(SHORT);
    expect(terminal.text.match(/◐/g)).toHaveLength(1);
    terminal.resize(120);
    await terminal.sees(BAR);
    expect(terminal.text.match(/◐/g)).toHaveLength(1);
    await writeFile(go, '');

    expect(await terminal.end()).toBe(0);
    expect(terminal.text).not.toContain('◐');
    expect(terminal.text).toMatch(/^✔ 20260102000000_renumber_all_orders {2}\S+ {2}20 items$/m);
    expect(terminal.hasCursor).toBe(true);
  });

  it('fits into 40 columns, line by line', async () => {
    const terminal = await atItsMiddle(INVOKE, 40);
    await terminal.sees(SHORT);
    await writeFile(go, '');
    expect(await terminal.end()).toBe(0);

    const status = inTerminal(['status'], { columns: 40 });
    expect(await status.end()).toBe(0);
    expect(status.text).toMatch(/^ {2}succeeded {2}20260102000000$\n^ {4}renumber_all_orders$/m);
    expect(widest(stripVTControlCharacters(status.written).replaceAll('\r', ''))).toBeLessThanOrEqual(40);
  });

  it('that is split has a bar of its children, their pace and the time left', async () => {
    const terminal = inTerminal(['invoke', 'split', '--yes']);
    await terminal.sees(
      /◐ 20260103000000_split {2}▇▇▁▁▁▁▁▁▁▁ 1\/4 shards · [\d.]+ shards an? \w+ · \S.* left$/m,
    );
    await writeFile(go, '');

    expect(await terminal.end()).toBe(0);
    expect(terminal.text).toMatch(/succeeded {2}20260103000000 {2}split/);
  });

  it('is left with Ctrl-C, and ended where nobody goes on with it', async () => {
    const terminal = await atItsMiddle(INVOKE);
    terminal.press(CTRL_C);

    expect(await terminal.end()).toBe(130);
    expect(terminal.text).toContain('a local run cannot go on without this command: it is being cancelled');
    expect(terminal.text).not.toContain('◐');
    expect(terminal.hasCursor).toBe(true);
    expect(ENDED).toContain((await shown('renumber_all_orders')).state);
  });

  it.each([
    ['run', [], ['run']],
    ['resume', [['pause', 'due']], ['resume', 'due']],
  ])('is left with Ctrl-C by %s, too', async (_, before, argv) => {
    for (const each of [['reset', 'due', '--reason', 'again', '--yes'], ...before]) {
      expect(await runProgramFile([...each, '--local'], { cwd: app })).toMatchObject({ code: 0 });
    }
    const run = await atItsMiddle(argv);
    run.press(CTRL_C);

    expect(await run.end()).toBe(130);
    expect(run.text).toContain('it is being cancelled');
    expect(ENDED).toContain((await shown('due')).state);
  });
});

describe('watch in a terminal', { timeout: 120_000 }, () => {
  it('says where nothing runs', async () => {
    expect(await runProgramFile(['watch', '--local'], { cwd: app })).toMatchObject({
      ...{ code: 0, stdout: 'nothing runs\n', stderr: '' },
    });
    expect(await json('watch')).toBeNull();
    expect(await runProgramFile(['watch', 'quick', '--local'], { cwd: app })).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('"quick" is not the id of a run') },
    });
  });

  it('follows what another terminal runs, is left with Ctrl-C, and comes back to its end', async () => {
    const invoke = inTerminal(['invoke', 'renumber_all_orders', '--from-start', '--yes']);
    await invoke.sees('in the middle');
    const watching = inTerminal(['watch']);
    await watching.sees(/◐ 20260102000000_renumber_all_orders {2}▇▇▇▇▁▁▁▁▁▁ 40 %/);
    watching.press(CTRL_C);

    expect(await watching.end()).toBe(130);
    const [, runId = ''] =
      /left: the run goes on. Watch it: npx after-party watch (\w+) --local/.exec(watching.text) ?? [];
    expect(watching.text).not.toContain('◐');
    const again = inTerminal(['watch', runId]);
    await again.sees('◐');
    await writeFile(go, '');

    expect(await again.end()).toBe(0);
    expect(again.text).toContain('1 of 1 ran: renumber_all_orders (20 items');
    expect(await invoke.end()).toBe(0);
    expect(await json('watch', runId)).toMatchObject({ runId, state: 'succeeded', trigger: 'invoke' });
  });

  it('does not wait for a run whose terminal was closed', async () => {
    const invoke = inTerminal(['invoke', 'renumber_all_orders', '--from-start', '--yes']);
    await invoke.sees('in the middle');
    const { lastRun } = await shown('renumber_all_orders');
    invoke.kill();
    await invoke.end();

    expect(await json('watch')).toBeNull();
    const { code, stdout } = await runProgramFile(['watch', lastRun, '--local'], { cwd: app });
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/failed {2}20260102000000 {2}renumber_all_orders/),
    ]);
  });
});

describe('log lines in a terminal', { timeout: 120_000 }, () => {
  it('are followed until Ctrl-C', async () => {
    const terminal = inTerminal(['logs', 'renumber_all_orders', '--since', '1h', '--follow']);
    await terminal.sees('in the middle');
    terminal.press(CTRL_C);

    expect(await terminal.end()).toBe(130);
  });
});
