import { defineTask } from 'after-party/task';
import { secret } from './_secret.ts';

export default defineTask({
  description: 'Restart the search service, so that it takes the new index',
  retries: 1,
  timeout: '1m',
  middleware: [secret('searchToken', 'SEARCH_SECRET')],
  async run({ env, searchToken, signal }) {
    const response = await fetch(`${env.SEARCH_URL}/restart`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${searchToken}` },
      signal,
    });
    if (!response.ok) throw new Error(`HTTP ${response.status} from the search service`);
    return 'restarted';
  },
});
