import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260126080000_restart_search.ts';
import { type LoopbackServer, startLoopbackServer } from '../loopback-server.ts';
import { runTask } from './run-task.ts';

async function startSearch(status: number): Promise<LoopbackServer> {
  const server = await startLoopbackServer(({ path, headers }) => {
    if (!path.startsWith('/secretsmanager/get')) return status;
    if (headers['x-aws-parameters-secrets-token'] !== 'session') return 403;
    return [200, JSON.stringify({ SecretString: `secret of ${path}` })];
  });
  onTestFinished(() => server.stop());
  return server;
}

function environment({ url, port }: LoopbackServer): Record<string, string> {
  return {
    SEARCH_URL: url,
    SEARCH_SECRET: 'shop/search',
    PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: String(port),
    AWS_SESSION_TOKEN: 'session',
  };
}

describe('restart_search', () => {
  it('restarts the service with the token that the middleware fetched', async () => {
    const search = await startSearch(204);

    const result = await runTask(task, { env: environment(search) });

    expect(result).toBe('restarted');
    expect(search.requests.at(-1)).toMatchObject({
      method: 'POST',
      path: '/restart',
      headers: { authorization: 'Bearer secret of /secretsmanager/get?secretId=shop%2Fsearch' },
    });
  });

  it('fails with the status that the service answers', async () => {
    const search = await startSearch(503);

    await expect(runTask(task, { env: environment(search) })).rejects.toThrow(
      'HTTP 503 from the search service',
    );
  });

  it('does not call the service without its token', async () => {
    const search = await startSearch(204);

    const run = runTask(task, { env: { ...environment(search), AWS_SESSION_TOKEN: 'expired' } });

    await expect(run).rejects.toThrow('HTTP 403 for the secret shop/search');
    expect(search.requests.map(({ path }) => path)).not.toContain('/restart');
  });

  it('is tried twice, within a minute', () => {
    expect(task).toMatchObject({ retries: 1, timeoutSeconds: 60 });
  });
});
