import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260202113000_start_partner_resync.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { runTask } from './run-task.ts';

async function resync(states: readonly string[], signal = new AbortController().signal) {
  const left = [...states];
  const partner = await startLoopbackServer(({ method }) => [
    method === 'POST' ? 202 : 200,
    JSON.stringify({ id: 7, state: method === 'POST' ? 'running' : left.shift() }),
  ]);
  onTestFinished(() => partner.stop());
  const outcome = runTask(task, { env: { PARTNER_URL: partner.url }, idempotencyKey: 'once', signal });
  return { partner, outcome };
}

describe('start_partner_resync', () => {
  it('starts one job and returns when it has finished', async () => {
    const { partner, outcome } = await resync(['running', 'finished']);

    expect(await outcome).toBe('job 7 finished');
    expect(partner.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /resyncs',
      'GET /resyncs/7',
      'GET /resyncs/7',
    ]);
    expect(partner.requests[0]?.headers['idempotency-key']).toBe('once');
  });

  it('fails with the job', async () => {
    const { outcome } = await resync(['refused']);

    await expect(outcome).rejects.toThrow('job 7 of the partner ended as "refused"');
  });

  it('stops asking when it is told to', async () => {
    const { outcome } = await resync([], AbortSignal.timeout(100));

    await expect(outcome).rejects.toMatchObject({ name: expect.stringMatching(/AbortError|TimeoutError/) });
  });
});
