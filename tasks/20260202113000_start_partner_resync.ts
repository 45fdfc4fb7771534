import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';

const PAUSE_MS = 1_000;

export default defineTask({
  description: 'Have the partner read our catalogue again',
  // The partner reads from the search service.
  after: ['restart_search'],
  async run({ env, cursor, checkpoint, idempotencyKey, logger, signal }) {
    const begin = async (): Promise<number> => {
      // With the key, a second call is handed the job that the first one began.
      const headers = { 'Idempotency-Key': idempotencyKey };
      const { id } = await ask(`${env.PARTNER_URL}/resyncs`, { method: 'POST', headers, signal });
      logger.info('the partner began a job', { job: id });
      return id;
    };
    const id = typeof cursor === 'number' ? cursor : await begin();
    // The job may take hours: when the time of this invocation is up, the next one goes on asking.
    while (await checkpoint(id)) {
      const { state } = await ask(`${env.PARTNER_URL}/resyncs/${id}`, { signal });
      if (state === 'finished') return `job ${id} finished`;
      if (state !== 'running') throw new Error(`job ${id} of the partner ended as "${state}"`);
      await sleep(PAUSE_MS, undefined, { signal });
    }
    return undefined;
  },
});

async function ask(url: string, init: RequestInit): Promise<{ id: number; state: string }> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`HTTP ${response.status} from ${url}`);
  return (await response.json()) as { id: number; state: string };
}
