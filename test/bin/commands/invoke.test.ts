import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, commandLine, logLine, refusal, runStatus, taskStatus } from '../command-line.ts';
import { oneTaskParty } from './one-task-party.ts';

const INVOKE = ['invoke', 'restart_search', '--stack', 'Shop-prod'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'after-party-invoke-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('invoke', () => {
  it('waits for the run: progress and log lines on stderr, the result on stdout', async () => {
    const { code, stdout, stderr, requests } = await commandLine(INVOKE, {
      answers: oneTaskParty({ state: 'succeeded', result: 'index rebuilt' }, [
        { message: 'task started' },
        { at: '2026-11-20T09:20:02.000Z', level: 'WARN', message: 'slow\nvery slow' },
      ]),
      runsGoOn: false,
    });

    expect(stderr).toBe(`▸ 20260126080000_restart_search  attempt 2
  restart_search  INFO  task started
  restart_search  WARN  slow
          very slow
✔ 20260126080000_restart_search  0.3s  index rebuilt
`);
    expect(stdout).toBe(`  STATE      VERSION         TASK            TOOK  NOTE
  succeeded  20260126080000  restart_search  0.3s  index rebuilt

the run succeeded
`);
    expect(code).toBe(0);
    const { runId, ...sent } = { ...requests[0] };
    expect(runId).toMatch(/^[0-9a-f]{32}$/);
    expect(sent).toEqual({
      v: 1,
      request: 'invoke',
      names: ['restart_search'],
      local: [],
      ifNotSucceeded: false,
      confirmed: false,
      by: 'arn:aws:iam::123456789012:user/ann',
    });
  });

  it('ends with 1 when a task failed, and says what helps', async () => {
    const error = { name: 'Error', message: 'HTTP 503' };
    const { code, stdout } = await commandLine(INVOKE, {
      answers: oneTaskParty({ state: 'failed', error }),
      runsGoOn: false,
    });

    expect(code).toBe(1);
    expect(stdout).toContain('failed  20260126080000  restart_search  0.3s  attempt 2: HTTP 503');
    expect(stdout).toContain(
      'needs you  restart_search  npx after-party show restart_search --stack Shop-prod',
    );
  });

  it('prints one document and asks nobody with --json', async () => {
    const { code, json, requests } = await commandLine([...INVOKE, '--json'], {
      answers: oneTaskParty({ state: 'failed' }),
      runsGoOn: false,
    });

    expect(json).toMatchObject({
      runId: requests[0]?.runId,
      state: 'failed',
      tasks: [{ name: 'restart_search' }],
    });
    expect(code).toBe(1);
  });

  it('ends with 2 when nothing was started: the params were refused', async () => {
    const answers: Record<string, Answer> = {
      invoke: (request) =>
        runStatus(request, { state: 'failed', outcome: 'month is missing', tasks: [taskStatus({})] }),
    };

    const { code, stdout } = await commandLine(INVOKE, { answers });

    expect(code).toBe(2);
    expect(stdout).toContain('month is missing');
  });

  it('ends with 1 when a task failed in a run that went on', async () => {
    const { code } = await commandLine(INVOKE, {
      answers: {
        ...oneTaskParty({}),
        invoke: (request) => {
          const tasks = [taskStatus({ state: 'failed', lastRun: String(request.runId) })];
          return runStatus(request, { state: 'succeeded', tasks });
        },
      },
      runsGoOn: false,
    });

    expect(code).toBe(1);
  });

  it('is not misled by what an earlier run made of a task', async () => {
    const earlier = taskStatus({ state: 'failed', lastRun: 'f'.repeat(32) });
    const answers: Record<string, Answer> = {
      invoke: (request) => runStatus(request, { state: 'succeeded', tasks: [earlier] }),
    };

    const { code, stderr } = await commandLine(INVOKE, { answers });

    expect(code).toBe(0);
    expect(stderr).toBe('');
  });

  it.each([
    ['the controller refuses', () => refusal('held', 'a run holds it', 'wait')],
    [
      'the run came too late',
      (request: Parameters<Answer>[0]) => runStatus(request, { state: 'held', outcome: 'held' }),
    ],
  ])('ends with 4 when another run holds a task: %s', async (_, answer) => {
    const { code } = await commandLine(INVOKE, { answers: { invoke: answer } });

    expect(code).toBe(4);
  });

  it('takes names from words and from --task, and the other options', async () => {
    const argv = [
      'invoke',
      'a',
      'b',
      '--task',
      'c',
      '--task',
      'd',
      '--if-not-succeeded',
      '--yes',
      '--params',
      '{"n":1}',
    ];

    const { requests } = await commandLine(argv, {
      answers: { invoke: (request) => runStatus(request, { state: 'succeeded' }) },
    });

    expect(requests[0]).toMatchObject({
      names: ['a', 'b', 'c', 'd'],
      ifNotSucceeded: true,
      confirmed: true,
      params: { n: 1 },
    });
  });

  it('reads params from a file, and sends the names of the tasks on this machine', async () => {
    await mkdir(join(folder, 'tasks'));
    await writeFile(join(folder, 'cdk.json'), '{}');
    await writeFile(join(folder, 'tasks/7_here.ts'), '');
    await writeFile(join(folder, 'params.json'), '{"month":"2026-11"}');

    const { requests } = await commandLine([...INVOKE, '--params', '@params.json'], {
      cwd: folder,
      answers: { invoke: (request) => runStatus(request, { state: 'succeeded' }) },
    });

    expect(requests[0]).toMatchObject({
      params: { month: '2026-11' },
      local: [{ version: '7', name: 'here' }],
    });
  });

  it.each([
    ['no JSON', '{"token":"s3cret"'],
    ['no object', '["s3cret"]'],
    ['a file that is not there', '@s3cret.json'],
  ])('fails before anything is sent when the params are %s', async (_, params) => {
    const { code, stderr, requests } = await commandLine([...INVOKE, '--params', params], { cwd: folder });

    expect(code).toBe(2);
    expect(stderr).toMatch(/^error .*params.*\n {6}\S/);
    if (!params.startsWith('@')) expect(stderr).not.toContain('s3cret');
    expect(requests).toEqual([]);
  });

  it('fails without a task', async () => {
    const { code, stderr } = await commandLine(['invoke', '--stack', 'Shop-prod']);

    expect(code).toBe(2);
    expect(stderr).toContain('no task was named');
  });

  it('prints the id of the run and does not wait with --detach', async () => {
    const { code, stdout, stderr, requests } = await commandLine([...INVOKE, '--detach'], {
      answers: { invoke: (request) => runStatus(request, { tasks: [taskStatus({})] }) },
    });

    expect(stdout).toBe(`${requests[0]?.runId}\n`);
    expect(stderr).toContain(`after-party watch ${requests[0]?.runId} --stack Shop-prod`);
    expect(stderr).toContain(`after-party cancel ${requests[0]?.runId} --stack Shop-prod`);
    expect([code, requests.length]).toEqual([0, 1]);
  });

  it('refuses --detach with --local', async () => {
    const { code, stderr, requests } = await commandLine([...INVOKE, '--detach'], { runsGoOn: false });

    expect([code, requests]).toEqual([2, []]);
    expect(stderr).toContain('--local');
  });

  it('shows each log line once, also when it comes late or twice', async () => {
    const at = '2026-11-20T09:20:01.000Z';
    const lines = [logLine({ at, message: 'twin' }), logLine({ at, message: 'twin' })];
    const late = logLine({ at: '2026-11-20T09:20:00.500Z', message: 'late' });
    let reads = 0;
    const { stderr } = await commandLine(INVOKE, {
      answers: {
        ...oneTaskParty({ state: 'succeeded' }),
        logs: ({ since, token }) => {
          if (token !== undefined)
            return { lines: [logLine({ message: 'paged', run: 'other' })], token: null };
          reads += 1;
          const all = reads === 1 ? lines : [late, ...lines];
          return { lines: all.filter((line) => line.at >= String(since)), token: 'more' };
        },
      },
      runsGoOn: false,
    });

    expect(stderr.match(/twin|late|paged/g)).toEqual(['twin', 'twin', 'late']);
  });

  it('says once that log lines cannot be read, and goes on', async () => {
    const { code, stderr } = await commandLine(INVOKE, {
      answers: {
        ...oneTaskParty({ state: 'succeeded' }),
        logs: () => refusal('failed', 'no such log group'),
      },
      runsGoOn: false,
    });

    expect(code).toBe(0);
    expect(stderr.match(/no such log group/g)).toHaveLength(1);
  });

  it('bears with looks that fail, and then says that the run may go on', async () => {
    const answers = oneTaskParty({ state: 'succeeded' });
    let failures = 0;
    const flaky: Answer = (request) =>
      ++failures < 4 ? refusal('unreachable', 'offline') : answers['show-run']?.(request);
    const borne = await commandLine(INVOKE, { answers: { ...answers, 'show-run': flaky }, runsGoOn: false });
    const lost = await commandLine(INVOKE, {
      answers: { ...answers, 'show-run': () => refusal('unreachable', 'offline') },
      runsGoOn: false,
    });

    expect(borne.code).toBe(0);
    expect(lost.code).toBe(2);
    expect(lost.stderr).toMatch(
      /may go on, but cannot be watched: offline\n.*after-party status --stack Shop-prod/,
    );
  });
});
