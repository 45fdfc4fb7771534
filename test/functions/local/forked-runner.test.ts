import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ForkedRunner, runnersAtOnce } from '../../../functions/local/forked-runner.ts';
import { type LocalLogLine, LocalLogs } from '../../../functions/local/local-logs.ts';
import type { RunnerOutcome } from '../../../functions/local/runner-outcome.ts';
import { gone, isAlive, kill, pidIn } from './processes.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const entry = fileURLToPath(new URL('fixtures/bundle.mjs', import.meta.url));
const runId = 'a'.repeat(32);
let folder: string;
let lines: LocalLogLine[];
let logs: LocalLogs;
let closing: AbortController;
const runners: ForkedRunner[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runner-'));
  lines = [];
  logs = await LocalLogs.open(folder, (line) => lines.push(line));
  closing = new AbortController();
});

afterEach(async () => {
  closing.abort();
  await Promise.all(runners.splice(0).map((runner) => runner.end()));
  await rm(folder, { recursive: true, force: true });
});

interface Invocation {
  timeoutSeconds?: number;
  workTimeoutSeconds?: number;
  environment?: Record<string, string>;
  bundle?: string;
  requestId?: string;
}

function invoke(version: string, given: Invocation = {}): Promise<RunnerOutcome> {
  const {
    timeoutSeconds = 60,
    workTimeoutSeconds = 60,
    environment = {},
    bundle = entry,
    requestId = randomUUID(),
  } = given;
  const runner = new ForkedRunner({ entry: bundle, environment, timeoutSeconds, logs });
  runners.push(runner);
  return runner.invoke(invocationOf(version, workTimeoutSeconds, requestId), closing.signal);
}

function invocationOf(version: string, timeoutSeconds = 60, requestId: string = randomUUID()) {
  return { work: { v: 1 as const, runId, versions: [version], timeoutSeconds }, requestId };
}

function errorOf(outcome: RunnerOutcome): { name: string; message: string } {
  if (!('error' in outcome)) throw new Error(`it ended in order: ${JSON.stringify(outcome)}`);
  return { name: outcome.error.Error, message: JSON.parse(outcome.error.Cause ?? '{}').errorMessage };
}

describe('ForkedRunner', () => {
  it('hands the work to the handler, with a context like Lambda’s and no other variables', async () => {
    const requestId = randomUUID();

    const outcome = await invoke('1', { environment: { ONLY: 'this' }, requestId });

    expect(outcome).toEqual({
      report: {
        v: 1,
        runId,
        seen: {
          awsRequestId: requestId,
          functionName: 'after-party-local',
          remaining: expect.any(Number),
          env: { ONLY: 'this' },
        },
      },
    });
    const { remaining } = (outcome as unknown as { report: { seen: { remaining: number } } }).report.seen;
    expect(remaining).toBeGreaterThan(50_000);
    expect(remaining).toBeLessThanOrEqual(60_000);
  });

  it.each([
    ['2', 'Runtime exited without providing a reason'],
    ['3', 'Runtime exited with error: exit status 7'],
  ])('reports a process that exits (%s) with the request’s id', async (version, message) => {
    const requestId = randomUUID();
    expect(errorOf(await invoke(version, { requestId }))).toEqual({
      name: 'Runtime.ExitError',
      message: `RequestId: ${requestId} Error: ${message}`,
    });
  });

  it('reports what the handler throws by its name', async () => {
    expect(errorOf(await invoke('4'))).toEqual({ name: 'TypeError', message: 'of a wrong type' });
  });

  it('reports a bundle that does not load', async () => {
    const { name, message } = errorOf(await invoke('1', { bundle: join(folder, 'absent.mjs') }));
    expect(name).toBe('Error');
    expect(message).toContain('absent.mjs');
  });

  it('reports a process that is killed', async () => {
    const pidFile = join(folder, 'pid');
    const outcome = invoke('9', { environment: { PID_FILE: pidFile } });
    process.kill(await pidIn(pidFile), 'SIGKILL');
    expect(errorOf(await outcome).message).toMatch(/signal: SIGKILL$/);
  });

  it('reports a process out of memory, and keeps what it said', async () => {
    const outcome = await invoke('7', { environment: { NODE_OPTIONS: '--max-old-space-size=32' } });
    expect(errorOf(outcome)).toMatchObject({
      name: 'Runtime.ExitError',
      message: expect.stringContaining('signal: aborted'),
    });
    expect(lines.map(({ message }) => message).join('\n')).toContain('heap out of memory');
  });

  it.each(['5', '6'])('kills an invocation at the runner’s timeout (%s)', async (version) => {
    const { name, message } = errorOf(await invoke(version, { timeoutSeconds: 1 }));
    expect(name).toBe('Sandbox.Timedout');
    expect(message).toMatch(/Task timed out after 1\.00 seconds$/);
  });

  it('gives the bundle time of its own to load', async () => {
    const outcome = await invoke('8', { timeoutSeconds: 1, environment: { LOADING_MS: '1500' } });
    expect(outcome).toEqual({ report: { v: 1, runId } });
  });

  it('stops waiting at the timeout of the work, and leaves the invocation alive', async () => {
    const pidFile = join(folder, 'pid');
    const outcome = await invoke('9', { workTimeoutSeconds: 1, environment: { PID_FILE: pidFile } });
    expect(outcome).toEqual({ error: { Error: 'States.Timeout' } });
    const pid = await pidIn(pidFile);
    expect(isAlive(pid)).toBe(true);
    closing.abort();
    await gone(pid);
  });

  it('ends the invocation when the party closes', async () => {
    const outcome = invoke('5');
    closing.abort();
    expect(errorOf(await outcome).name).toBe('Driver.Ended');
  });

  it('runs in a process group of its own, out of the reach of a terminal’s Ctrl-C', async () => {
    const pidFile = join(folder, 'pid');
    const outcome = invoke('9', { environment: { PID_FILE: pidFile } });
    const pid = await pidIn(pidFile);

    expect(process.kill(-pid, 0)).toBe(true);

    closing.abort();
    await outcome;
  });

  it('keeps log lines, also plain ones, with the task that said them', async () => {
    const outcome = await invoke('8');

    expect(outcome).toEqual({ report: { v: 1, runId } });
    expect(await logs.read({ version: '8' })).toEqual({
      lines: [
        {
          at: '2026-11-20T10:00:00.000Z',
          level: 'INFO',
          message: 'a task speaks {"items":3}',
          run: runId,
          version: '8',
          task: 'talker',
          attempt: 2,
        },
        expect.objectContaining({ message: 'and something else on stderr', version: '8', run: runId }),
      ],
      token: null,
    });
    expect(lines.map(({ message }) => message)).toEqual([
      'a task speaks {"items":3}',
      'and something else on stderr',
    ]);
  });

  it('ends with the process that forked it, even when a task never yields', async () => {
    const pidFile = join(folder, 'pid');
    const program = fileURLToPath(new URL('fixtures/run-work.ts', import.meta.url));
    const parent = spawn(process.execPath, [program, folder, entry, pidFile], { stdio: 'inherit' });
    const pid = await pidIn(pidFile);

    parent.kill('SIGKILL');

    await gone(pid);
  });

  it('keeps its process for the next invocation, and replaces one that has ended', async () => {
    const processes: number[] = [];
    const runner = new ForkedRunner({
      ...{ entry, environment: {}, timeoutSeconds: 60, logs },
      onRunner: (processId) => processes.push(processId),
    });
    runners.push(runner);
    const next = (version: string) => runner.invoke(invocationOf(version), closing.signal);

    await next('1');
    expect(await next('8')).toEqual({ report: { v: 1, runId } });
    expect(processes).toHaveLength(1);
    expect(errorOf(await next('3')).message).toMatch(/exit status 7$/);
    expect(await next('8')).toEqual({ report: { v: 1, runId } });
    expect(processes).toHaveLength(2);
    await kill(processes[1] ?? 0);
    expect(await next('8')).toEqual({ report: { v: 1, runId } });
    expect(errorOf(await next('4')).name).toBe('TypeError');
    await next('1');
    expect(processes).toHaveLength(4);

    await runner.end();
    for (const processId of processes) expect(isAlive(processId)).toBe(false);
  });

  it('leaves an invocation that nobody waits for to itself, and takes the next to another process', async () => {
    const pidFile = join(folder, 'pid');
    const runner = new ForkedRunner({ entry, environment: { PID_FILE: pidFile }, timeoutSeconds: 60, logs });
    runners.push(runner);

    await runner.invoke(invocationOf('9', 1), closing.signal);
    expect(await runner.invoke(invocationOf('8'), closing.signal)).toEqual({ report: { v: 1, runId } });
    await runner.end();

    const pid = await pidIn(pidFile);
    expect(isAlive(pid)).toBe(true);
    closing.abort();
    await gone(pid);
  });
});

it('lets runners have half of the machine’s memory, and always one', () => {
  expect([16 * 1024 ** 3, 128 * 1024 ** 2, 0].map((bytes) => runnersAtOnce(bytes))).toEqual([64, 1, 1]);
});
