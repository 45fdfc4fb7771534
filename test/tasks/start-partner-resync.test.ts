import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunContext } from '../../functions/task/index.ts';
import task from '../../tasks/20260202113000_start_partner_resync.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { runTask } from './run-task.ts';

async function resync(states: readonly string[], fields: Partial<RunContext> = {}) {
  const left = [...states];
  const partner = await startLoopbackServer(({ method }) => [
    method === 'POST' ? 202 : 200,
    JSON.stringify({ id: 7, state: method === 'POST' ? 'running' : left.shift() }),
  ]);
  onTestFinished(() => partner.stop());
  const outcome = runTask(task, { env: { PARTNER_URL: partner.url }, idempotencyKey: 'once', ...fields });
  const asked = () => partner.requests.map(({ method, path }) => `${method} ${path}`);
  return { partner, outcome, asked };
}

describe('start_partner_resync', () => {
  it('starts one job and returns when it has finished', async () => {
    const { partner, outcome, asked } = await resync(['running', 'finished']);

    expect(await outcome).toBe('job 7 finished');
    expect(asked()).toEqual(['POST /resyncs', 'GET /resyncs/7', 'GET /resyncs/7']);
    expect(partner.requests[0]?.headers['idempotency-key']).toBe('once');
  });

  it('leaves the job when time is up, and asks for the same one in the next invocation', async () => {
    const saved: unknown[] = [];
    const checkpoint = async (cursor: unknown) => {
      saved.push(cursor);
      return saved.length < 2;
    };
    const first = await resync(['running'], { checkpoint });
    await first.outcome;

    const second = await resync(['finished'], { cursor: 7 });

    expect(await second.outcome).toBe('job 7 finished');
    expect(saved).toEqual([7, 7]);
    expect(first.asked()).toEqual(['POST /resyncs', 'GET /resyncs/7']);
    expect(second.asked()).toEqual(['GET /resyncs/7']);
  });

  it('fails with the job', async () => {
    const { outcome } = await resync(['refused']);

    await expect(outcome).rejects.toThrow('job 7 of the partner ended as "refused"');
  });

  it('stops waiting when it is told to', async () => {
    const { outcome } = await resync(['running', 'running', 'running'], { signal: AbortSignal.timeout(300) });

    await expect(outcome).rejects.toMatchObject({ name: expect.stringMatching(/AbortError|TimeoutError/) });
  });

  it('comes after what the partner reads from', () => {
    expect(task.after).toEqual(['restart_search']);
  });
});
