import { describe, expect, it } from 'vitest';
import {
  type Answer,
  commandLine,
  logLine,
  refusal,
  runStatus,
  taskDetails,
  taskStatus,
} from '../command-line.ts';

const RUN_ID = '0123456789abcdef0123456789abcdef';

describe('skip, mark-done, reset', () => {
  const corrected: Answer = () => ({ tasks: [taskStatus({ state: 'skipped', reason: 'not for us' })] });

  it.each(['skip', 'mark-done'])('%s records tasks, with who and why', async (command) => {
    const { code, stdout, requests } = await commandLine(
      [command, 'restart_search', '7', '--reason', 'not for us', '--stack', 'Shop-prod'],
      { answers: { [command]: corrected } },
    );

    expect(requests).toEqual([
      {
        v: 1,
        request: command,
        names: ['restart_search', '7'],
        local: [],
        reason: 'not for us',
        by: 'arn:aws:iam::123456789012:user/ann',
      },
    ]);
    expect([code, stdout]).toEqual([0, '20260126080000_restart_search is skipped  "not for us"\n']);
  });

  it('reset asks a person first', async () => {
    const argv = ['reset', 'restart_search', '--reason', 'wrong'];
    const answers = { reset: () => ({ tasks: [taskStatus({})] }) };

    const yes = await commandLine(argv, { answers, keys: ['y'] });
    const no = await commandLine(argv, { answers, keys: ['n'] });
    const nobody = await commandLine(argv, { answers });
    const unasked = await commandLine([...argv, '--yes'], { answers });

    expect([yes.code, yes.requests.length]).toEqual([0, 1]);
    expect([no.code, no.requests.length]).toEqual([2, 0]);
    expect([nobody.code, nobody.requests.length]).toEqual([2, 0]);
    expect(nobody.stderr).toContain('--yes');
    expect([unasked.code, unasked.stdout]).toEqual([0, '20260126080000_restart_search is pending\n']);
  });

  it('ends with 4 on a live lease, and with 2 without a reason', async () => {
    const held = await commandLine(['skip', 'a', '--reason', 'x'], {
      answers: { skip: () => refusal('held', 'task a is being executed') },
    });
    const unreasoned = await commandLine(['skip', 'a']);

    expect(held.code).toBe(4);
    expect(unreasoned).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
  });
});

describe('cancel', () => {
  it('asks the run to end', async () => {
    const { code, stdout, requests } = await commandLine(['cancel', RUN_ID, '--reason', 'too slow'], {
      answers: { cancel: (request) => runStatus(request, { tasks: [taskStatus({ state: 'running' })] }) },
    });

    expect(requests[0]).toMatchObject({ request: 'cancel', runId: RUN_ID, reason: 'too slow' });
    expect(code).toBe(0);
    expect(stdout).toContain(`cancel requested: run ${RUN_ID} is running`);
  });
});

describe('show', () => {
  const failed = taskDetails({
    description: 'Restart the search service',
    state: 'failed',
    attempt: 2,
    lastRun: RUN_ID,
    startedAt: '2026-11-20T09:16:00.000Z',
    finishedAt: '2026-11-20T09:16:12.000Z',
    durationMs: 12_000,
    params: { month: '2026-11' },
    error: {
      name: 'TypeError',
      message: 'cannot read\ntrim',
      stack: 'TypeError: cannot read\n    at process (tasks/x.ts:14:31)',
      at: 'tasks/x.ts:14',
    },
    logs: ['2026-11-20T09:16:01.000Z INFO task started'],
    history: [
      {
        attempt: 1,
        state: 'failed',
        at: '2026-11-19T09:00:10.000Z',
        startedAt: '2026-11-19T09:00:00.000Z',
        error: 'HTTP 503',
      },
      { attempt: 1, state: 'pending', at: '2026-11-19T10:00:00.000Z', by: 'ann', reason: 'again' },
    ],
  });

  it('shows all that is known of a task', async () => {
    const { code, stdout } = await commandLine(['show', 'restart_search'], {
      answers: { show: () => ({ tasks: [failed] }) },
    });

    expect(code).toBe(0);
    expect(stdout).toBe(`20260126080000_restart_search  failed
  Restart the search service
  when      once
  attempt   2
  started   2026-11-20 09:16 UTC
  finished  2026-11-20 09:16 UTC
  took      12s
  last run  ${RUN_ID}
  params    {"month":"2026-11"}
  error     TypeError: cannot read
            trim
  at        tasks/x.ts:14

stack
  TypeError: cannot read
      at process (tasks/x.ts:14:31)

last log lines
  2026-11-20T09:16:01.000Z INFO task started

history
  2026-11-19 09:00  #1  failed  10s  HTTP 503
  2026-11-19 10:00  #1  pending  "again"  by ann

needs you  restart_search  npx after-party invoke restart_search --stack Shop-prod | skip restart_search --reason … --stack Shop-prod
`);
  });

  it.each([
    ['failed', [], /needs you {2}restart_search {2}npx after-party invoke restart_search .*\| skip /],
    ['in-doubt', [], /npx after-party mark-done restart_search .*\| reset restart_search /],
    ['damaged', ['damaged: its state'], /npx after-party reset restart_search --reason … --stack/],
    ['succeeded', [], /^(?![\s\S]*needs you)/],
  ])('names what helps with a task that is %s', async (state, notes, words) => {
    const { stdout } = await commandLine(['show', 'restart_search'], {
      answers: { show: () => ({ tasks: [{ ...failed, state, notes }] }) },
    });

    expect(stdout).toMatch(words);
    expect(stdout).not.toContain('npx after-party show');
  });

  it('prints one task as the document, and several in a list', async () => {
    const one = await commandLine(['show', 'a', '--json'], {
      answers: { show: () => ({ tasks: [failed] }) },
    });
    const two = await commandLine(['show', 'a', 'b', '--json'], {
      answers: { show: () => ({ tasks: [failed, failed] }) },
    });

    expect(one.json).toEqual(failed);
    expect(two.json).toEqual({ tasks: [failed, failed] });
    expect(one.requests[0]).toEqual({ v: 1, request: 'show', names: ['a'], local: [] });
  });
});

describe('logs', () => {
  it('prints the lines of all pages', async () => {
    const { code, stdout, requests } = await commandLine(['logs', 'restart_search', '--since', '10m'], {
      answers: {
        logs: ({ token }) =>
          token === undefined
            ? { lines: [logLine({ attempt: 2 })], token: 'next' }
            : { lines: [logLine({ level: 'ERROR', message: 'broken' })], token: null },
      },
    });

    expect(stdout).toBe('2026-11-20 09:20:01  #2  INFO  hello\n2026-11-20 09:20:01  ERROR broken\n');
    expect(requests.map(({ names, since, token }) => ({ names, since, token }))).toEqual([
      { names: ['restart_search'], since: '2026-11-20T09:10:00.000Z', token: undefined },
      { names: ['restart_search'], since: '2026-11-20T09:10:00.000Z', token: 'next' },
    ]);
    expect(code).toBe(0);
  });

  it('takes a time, refuses nonsense, and says that there is nothing', async () => {
    const answers = { logs: () => ({ lines: [], token: null }) };
    const time = await commandLine(['logs', 'a', '--since', '2026-11-20T08:00:00+01:00', '--json'], {
      answers,
    });
    const nonsense = await commandLine(['logs', 'a', '--since', 'yesterday'], { answers });

    expect(time.requests[0]?.since).toBe('2026-11-20T07:00:00.000Z');
    expect(time.json).toEqual({ lines: [] });
    expect(time.stderr).toContain('no log lines of a');
    expect(nonsense).toMatchObject({ code: 2, requests: [] });
    expect(nonsense.stderr).toContain('--since');
  });

  it("begins with the task's last attempt", async () => {
    const lines = { lines: [logLine({})], token: null };
    const show = (startedAt: string | null) => () => ({ tasks: [taskDetails({ startedAt })] });

    const ran = await commandLine(['logs', 'a'], {
      answers: { show: show('2026-11-19T08:00:00.000Z'), logs: () => lines },
    });
    const never = await commandLine(['logs', 'a'], {
      answers: { show: show(null), logs: () => ({ lines: [], token: null }) },
    });

    expect(ran.requests[1]).toMatchObject({ request: 'logs', since: '2026-11-19T08:00:00.000Z' });
    expect(never).toMatchObject({ code: 0, stdout: '', stderr: 'a has not run yet\n' });
  });

  it('refuses to follow into one document', async () => {
    const { code, stdout } = await commandLine(['logs', 'a', '--follow', '--json']);

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'usage' } });
  });
});
