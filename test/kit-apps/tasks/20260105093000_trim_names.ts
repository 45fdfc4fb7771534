import { source } from 'after-party/sources';
import { defineTask } from 'after-party/task';

interface User {
  readonly id: string;
  readonly name: string;
}

async function callApi(url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, body && { method: 'PUT', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

export default defineTask({
  description: 'Trim the names of all users',
  retries: 3,
  items: ({ env }) =>
    source<User>(async function* (cursor) {
      const users = (await callApi(`${env.API_URL}/users?after=${cursor ?? ''}`)) as User[];
      for (const user of users) yield [user, user.id];
    }),
  async process({ id, name }, { env, dryRun, logger }) {
    const trimmed = name.trim();
    if (trimmed === name) return 0;
    logger.info('trims a name', { id });
    if (!dryRun) await callApi(`${env.API_URL}/users/${id}`, { name: trimmed });
    return 1;
  },
});
