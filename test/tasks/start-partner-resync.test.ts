import { type RunTaskOptions, runTask, type TaskRun } from 'after-party/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260202113000_start_partner_resync.ts';
import { startLoopbackServer } from '../loopback-server.ts';

/** Runs the task against a partner whose job is in one state after the other. */
async function resync(states: readonly string[], options: RunTaskOptions = {}) {
  const left = [...states];
  const partner = await startLoopbackServer(({ method }) => [
    method === 'POST' ? 202 : 200,
    JSON.stringify({ id: 7, state: method === 'POST' ? 'running' : left.shift() }),
  ]);
  onTestFinished(() => partner.stop());
  const run: TaskRun = await runTask(task, { env: { PARTNER_URL: partner.url }, ...options });
  const asked = partner.requests.map(({ method, path }) => `${method} ${path}`);
  return { run, asked, headers: partner.requests[0]?.headers };
}

describe('start_partner_resync', () => {
  it('starts one job and returns when it has finished', async () => {
    const { run, asked, headers } = await resync(['running', 'finished'], { idempotencyKey: 'once' });

    expect(run).toMatchObject({ state: 'succeeded', result: 'job 7 finished' });
    expect(asked).toEqual(['POST /resyncs', 'GET /resyncs/7', 'GET /resyncs/7']);
    expect(headers?.['idempotency-key']).toBe('once');
    expect(run.logs).toContainEqual({ level: 'info', message: 'the partner began a job', job: 7 });
  });

  it('leaves the job when time is up, and asks for the same one in the next invocation', async () => {
    const first = await resync(['running'], { stopAfter: 2 });
    const second = await resync(['finished'], { cursor: first.run.cursor });

    expect(first.run).toMatchObject({ state: 'interrupted', cursor: 7 });
    expect(first.asked).toEqual(['POST /resyncs', 'GET /resyncs/7']);
    expect(second.run).toMatchObject({ state: 'succeeded', result: 'job 7 finished' });
    expect(second.asked).toEqual(['GET /resyncs/7']);
  });

  it('fails with the job', async () => {
    const { run } = await resync(['refused']);

    expect(run).toMatchObject({
      state: 'failed',
      error: { message: 'job 7 of the partner ended as "refused"' },
    });
  });

  it('stops waiting when it is cancelled, and keeps the job in mind', async () => {
    const states = Array<string>(1_000).fill('running');

    const { run } = await resync(states, { signal: AbortSignal.timeout(300) });

    expect(run).toMatchObject({ state: 'cancelled', cursor: 7 });
  });

  it('comes after what the partner reads from', () => {
    expect(task.after).toEqual(['restart_search']);
  });
});
