import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';

const PAUSE_MS = 1_000;

export default defineTask({
  description: 'Have the partner read our catalogue again',
  timeout: '10m',
  async run({ env, idempotencyKey, logger, signal }) {
    // With the key, a second attempt is handed the job that the first one began.
    const { id } = await ask(`${env.PARTNER_URL}/resyncs`, {
      method: 'POST',
      headers: { 'Idempotency-Key': idempotencyKey },
      signal,
    });
    logger.info('the partner began a job', { job: id });
    for (;;) {
      await sleep(PAUSE_MS, undefined, { signal });
      const { state } = await ask(`${env.PARTNER_URL}/resyncs/${id}`, { signal });
      if (state === 'finished') return `job ${id} finished`;
      if (state !== 'running') throw new Error(`job ${id} of the partner ended as "${state}"`);
    }
  },
});

async function ask(url: string, init: RequestInit): Promise<{ id: number; state: string }> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`HTTP ${response.status} from ${url}`);
  return (await response.json()) as { id: number; state: string };
}
