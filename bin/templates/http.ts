import { defineTask } from 'after-party/task';

export default defineTask({
  description: '{{description}}',
  // {{options}}
  retries: 3,
  timeout: '2m',
  async run({ dryRun, env, idempotencyKey, signal }) {
    const url = `${env.API_URL}/jobs`;
    if (dryRun) return `would call ${url}`;
    const response = await fetch(url, {
      method: 'POST',
      // An API that takes such a key does nothing the second time.
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
      body: JSON.stringify({ reason: '{{name}}' }),
      signal,
    });
    if (!response.ok) throw new Error(`HTTP ${response.status} from ${url}`);
    return `called ${url}`;
  },
});
