import { describe, expect, it } from 'vitest';
import type { ChildStatus, RunStatus } from '../../../functions/controller/requests.ts';
import {
  type Answer,
  childStatus,
  commandLine,
  logLine,
  partyStatus,
  refusal,
  runStatus,
  splitStatus,
  taskDetails,
  taskStatus,
} from '../command-line.ts';

const ARN = 'arn:aws:iam::123456789012:user/ann';
const TASK = '20260126080000_restart_search';
const HTTP_503 = { name: 'Error', message: 'HTTP 503' };
const failing = splitStatus({ succeeded: 17, failed: 2, left: 1 });
const reason = '2 of 20 failed: key "acme": Error: HTTP 503';

const UNFINISHED: readonly ChildStatus[] = [
  childStatus({ state: 'failed', attempt: 2, durationMs: 3_200, error: HTTP_503 }),
  childStatus({ number: 7, key: 'a"b', state: 'failed', attempt: 1, reason: 'out of memory' }),
];

describe('status', () => {
  const noteOf = async (fields: Parameters<typeof taskStatus>[0]) => {
    const answers = { status: () => partyStatus({ tasks: [taskStatus(fields)] }) };
    const { stdout } = await commandLine(['status', '--stack', 'Shop-prod'], { answers });
    return stdout.split('\n').find((line) => line.includes('restart_search'));
  };

  it('says of a task that is split how far it has come', async () => {
    const split = splitStatus({ of: 'shards', count: 64, succeeded: 7, running: 8, left: 49 });
    const progress = { done: 43, total: 100, itemsPerSecond: 1, msLeft: 97_200_000 };
    const startedAt = '2026-11-18T14:02:00.000Z';
    const line = await noteOf({ state: 'running', startedAt, split, progress });
    expect(line).toMatch(/^ {2}running .* 43 % · 7\/64 shards · 1d 03h left$/);
  });

  it('says which of its children failed first, and how many', async () => {
    const line = await noteOf({ state: 'failed', attempt: 2, split: failing, reason, error: HTTP_503 });
    expect(line).toMatch(/attempt 2: 2 of 20 failed: key "acme": Error: HTTP 503$/);
  });

  it('says that a task keeps the number of its shards', async () => {
    const split = splitStatus({ of: 'shards', count: 64, succeeded: 7, left: 57 });
    const line = await noteOf({ state: 'paused', split, notes: ['shards-kept:64'] });
    expect(line).toMatch(/7\/64 shards · keeps its shards: 64$/);
  });

  it('names the commands for what is in doubt', async () => {
    const answers = {
      status: () => partyStatus({ tasks: [taskStatus({ state: 'in-doubt', split: failing })] }),
    };
    const { stdout } = await commandLine(['status', '--stack', 'Shop-prod'], { answers });
    expect(stdout).toContain('npx after-party mark-done restart_search --key … --reason …');
  });
});

describe('show', () => {
  const task = taskDetails({ state: 'failed', attempt: 2, split: failing, reason, error: HTTP_503 });
  const show = { show: () => ({ tasks: [task] }) };

  it('lists the worst of the children that have not succeeded, and how many more there are', async () => {
    const answers = { ...show, children: () => ({ children: UNFINISHED, count: 3, next: null }) };
    const { code, stdout, requests } = await commandLine(['show', 'restart_search'], { answers });

    expect(code).toBe(0);
    expect(requests[1]).toEqual({
      ...{ v: 1, request: 'children', names: [task.version], local: [], unfinished: true, limit: 10 },
    });
    expect(stdout).toContain('\n  split     20 keys: 17 succeeded, 2 failed, 1 left\n');
    expect(stdout).toContain(`
not succeeded
  failed  key "acme"  3.2s  attempt 2: HTTP 503
  failed  key "a\\"b"  –     out of memory
  … and 1 more: \`npx after-party show restart_search --json --stack Shop-prod\` lists all
`);
  });

  it('asks for no children of a task that is not split', async () => {
    const answers = { show: () => ({ tasks: [taskDetails({})] }) };
    const { requests } = await commandLine(['show', 'restart_search'], { answers });
    expect(requests).toHaveLength(1);
  });

  it('prints all of them as JSON, page by page', async () => {
    const page = (number: number, next: number | null) => ({
      ...{ children: [childStatus({ number, key: `key ${number}` })], count: 2, next },
    });
    const answers: Record<string, Answer> = {
      ...show,
      children: ({ after }) => (after === undefined ? page(1, 1) : page(2, null)),
    };
    const { json } = await commandLine(['show', 'restart_search', '--json'], { answers });
    expect(json).toMatchObject({ split: failing, children: [{ key: 'key 1' }, { key: 'key 2' }] });
    expect(json).not.toHaveProperty('unfinished');
  });

  it('shows one child with all that is known of it', async () => {
    const history = [
      { attempt: 1, state: 'reset', at: '2026-11-19T09:00:10.000Z', by: 'ann', reason: 'again' },
    ];
    const child = { number: 2, key: 'acme', shard: null };
    const { stdout, requests } = await commandLine(['show', 'restart_search', '--key', 'acme'], {
      answers: { show: () => ({ tasks: [{ ...task, split: null, reason: null, child, history }] }) },
    });
    expect(requests).toMatchObject([{ request: 'show', keys: ['acme'] }]);
    expect(stdout).toContain(`${TASK} key "acme"  failed\n`);
    expect(stdout).toContain('#1  reset  "again"  by ann\n');
  });
});

describe('invoke --key', () => {
  const INVOKE = ['invoke', 'restart_search', '--key', 'acme', '--key', ''];
  const party = (state: string, child: Partial<ChildStatus>, task: Parameters<typeof taskStatus>[0] = {}) => {
    const answer: Answer = (request) =>
      runStatus(request, {
        state,
        outcome: 'what came of it',
        children: [childStatus({ lastRun: String(request.runId), ...child })],
        tasks: [
          taskStatus({ state: 'failed', split: failing, reason, lastRun: String(request.runId), ...task }),
        ],
      });
    return { invoke: answer, logs: () => ({ lines: [], token: null }) };
  };

  it('hands the keys on, any characters, and shows what became of them', async () => {
    const answers = party('succeeded', { state: 'succeeded', durationMs: 400, result: '3 roles' });
    const { code, stdout, requests } = await commandLine(INVOKE, { answers, runsGoOn: false });

    expect(requests[0]).toMatchObject({ request: 'invoke', keys: ['acme', ''], names: ['restart_search'] });
    expect(stdout).toContain('  succeeded  key "acme"  0.4s  3 roles\n');
    // Others may have failed before.
    expect(code).toBe(0);
  });

  it('tells what its own children threw, not what another one had thrown before', async () => {
    const thrown = (message: string) => ({
      name: 'Error',
      message,
      stack: `Error: ${message}\n    at tasks/1.ts:1`,
    });
    const task = { error: thrown('before') };
    const good = party('succeeded', { state: 'succeeded' }, task);
    const bad = party('failed', { state: 'failed', error: thrown('locked') }, task);

    const [first, second] = await Promise.all(
      [good, bad].map((answers) => commandLine(INVOKE, { answers, runsGoOn: false })),
    );

    expect(first?.stderr).not.toContain('at tasks/1.ts:1');
    expect(second?.stderr).toContain('  Error: locked\n      at tasks/1.ts:1\n');
    expect(second?.stderr).not.toContain('  Error: before');
  });

  it.each([
    ['failed', { state: 'failed' }, 1],
    ['succeeded', { state: 'paused' }, 1],
    ['succeeded', { state: 'interrupted' }, 0],
    ['held', { state: 'pending' }, 4],
  ] as const)('of a run that is %s with %j ends with %i', async (state, child, expected) => {
    const { code } = await commandLine(INVOKE, { answers: party(state, child), runsGoOn: false });
    expect(code).toBe(expected);
  });

  it('ends with 2 where the key is unknown', async () => {
    const answers = {
      invoke: () =>
        refusal('unknown-key', 'task a has no key "acm"', '`after-party show a --json` lists all'),
    };
    const { code, stderr } = await commandLine(INVOKE, { answers });
    expect([code, stderr]).toEqual([
      2,
      'error task a has no key "acm"\n      `npx after-party show a --json --stack Shop-prod` lists all\n',
    ]);
  });
});

describe('mark-done --key and reset --key', () => {
  const corrected: Answer = () => ({
    tasks: [taskStatus({ state: 'failed', split: failing, reason })],
    children: [childStatus({ state: 'succeeded', reason: 'by hand' })],
  });

  it.each(['mark-done', 'reset'])(
    '%s hands them on and says what became of them and of the task',
    async (command) => {
      const argv = [command, 'restart_search', '--key', 'acme', '--key', 'b', '--reason', 'by hand', '--yes'];
      const { code, stdout, requests } = await commandLine(
        argv.filter((word) => word !== '--yes' || command === 'reset'),
        { answers: { [command]: corrected } },
      );
      expect(requests).toEqual([
        {
          ...{ v: 1, request: command, names: ['restart_search'], local: [], reason: 'by hand' },
          ...{ keys: ['acme', 'b'], by: ARN },
        },
      ]);
      expect([code, stdout]).toEqual([
        0,
        `key "acme" is succeeded  "by hand"\n${TASK} is failed  ${reason}\n`,
      ]);
    },
  );

  it('reset asks with their names', async () => {
    const argv = ['reset', 'restart_search', '--key', 'acme', '--reason', 'r'];
    const { code, stderr } = await commandLine(argv);
    expect([code, stderr]).toEqual([
      2,
      'error after a reset the next deploy runs "acme" of restart_search again\n      add --yes to reset without being asked\n',
    ]);
  });

  it('skip knows no keys', async () => {
    const { code, requests } = await commandLine(['skip', 'a', '--key', 'b', '--reason', 'r']);
    expect([code, requests]).toEqual([2, []]);
  });
});

describe('a run of a task that is split', () => {
  it('is shown with a bar of its children, and the child on each log line', async () => {
    let looks = 0;
    const look: Answer = (request): RunStatus => {
      looks += 1;
      const lastRun = String(request.runId);
      const split = splitStatus({ succeeded: looks * 4, running: 4 });
      const ended = { state: 'succeeded', result: '20 keys', lastRun, split };
      return looks < 4
        ? runStatus(request, { tasks: [taskStatus({ state: 'running', lastRun, split })] })
        : runStatus(request, { state: 'succeeded', tasks: [taskStatus(ended)] });
    };
    const lines = [logLine({ key: 'acme' }), logLine({ shard: '7/64', message: 'shard' })];
    const { stderr, code } = await commandLine(['invoke', 'restart_search', '--no-color'], {
      answers: { invoke: look, 'show-run': look, logs: () => ({ lines, token: null }) },
      ...{ keys: [], columns: 100, runsGoOn: false },
    });

    expect(code).toBe(0);
    expect(stderr).toContain(`◐ ${TASK}  ▇▇▁▁▁▁▁▁▁▁ 4/20 keys`);
    expect(stderr).toContain(`◐ ${TASK}  ▇▇▇▇▇▇▁▁▁▁ 12/20 keys`);
    expect(stderr).toContain('  restart_search "acme"  INFO  hello\n');
    expect(stderr).toContain('  restart_search 7/64  INFO  shard\n');
  });

  it('is shown at a terminal that does not know its width', async () => {
    const running: Answer = (request) => {
      const lastRun = String(request.runId);
      return runStatus(request, {
        state: request.request === 'invoke' ? 'running' : 'succeeded',
        tasks: [taskStatus({ state: 'running', lastRun, split: splitStatus({ succeeded: 4 }) })],
      });
    };
    const { stderr } = await commandLine(['invoke', 'restart_search', '--no-color'], {
      answers: { invoke: running, 'show-run': running, logs: () => ({ lines: [], token: null }) },
      ...{ keys: [], columns: 0, runsGoOn: false },
    });
    expect(stderr).toContain(`◐ ${TASK}  ▇▇▁▁▁▁▁▁▁▁ 4/20 keys`);
  });

  it('has its child on each line of its log', async () => {
    const { stdout } = await commandLine(['logs', 'restart_search', '--since', '10m'], {
      answers: { logs: () => ({ lines: [logLine({ attempt: 2, key: 'acme' })], token: null }) },
    });
    expect(stdout).toBe('2026-11-20 09:20:01  #2  "acme"  INFO  hello\n');
  });
});
