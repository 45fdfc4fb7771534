import { runTask } from 'after-party/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260126080000_restart_search.ts';
import { type LoopbackServer, startLoopbackServer } from '../loopback-server.ts';

/** A search service that answers with one status after the other, and the extension that hands out its token. */
async function startSearch(...statuses: number[]): Promise<LoopbackServer> {
  const server = await startLoopbackServer(({ path, headers }) => {
    if (!path.startsWith('/secretsmanager/get')) return statuses.shift() ?? 500;
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

function restarts({ requests }: LoopbackServer) {
  return requests.filter(({ path }) => path === '/restart');
}

describe('restart_search', () => {
  it('restarts the service with the token that the middleware fetched', async () => {
    const search = await startSearch(204);

    const run = await runTask(task, { env: environment(search) });

    expect(run).toMatchObject({ state: 'succeeded', result: 'restarted' });
    expect(restarts(search)).toMatchObject([
      {
        method: 'POST',
        headers: { authorization: 'Bearer secret of /secretsmanager/get?secretId=shop%2Fsearch' },
      },
    ]);
  });

  it('tries again where the service is not up yet', async () => {
    const search = await startSearch(503, 204);

    const run = await runTask(task, { env: environment(search) });

    expect(run.state).toBe('succeeded');
    expect(run.logs.filter(({ level }) => level === 'warn')).toMatchObject([
      { error: 'HTTP 503 from the search service' },
    ]);
  });

  it('fails with the status that the service answers twice', async () => {
    const search = await startSearch(503, 503, 204);

    const run = await runTask(task, { env: environment(search) });

    expect(run).toMatchObject({ state: 'failed', error: { message: 'HTTP 503 from the search service' } });
    expect(restarts(search)).toHaveLength(2);
  });

  it('does not call the service without its token', async () => {
    const search = await startSearch(204);

    const run = await runTask(task, { env: { ...environment(search), AWS_SESSION_TOKEN: 'expired' } });

    expect(run).toMatchObject({ state: 'failed', error: { message: 'HTTP 403 for the secret shop/search' } });
    expect(restarts(search)).toEqual([]);
  });

  it('may take a minute', () => {
    expect(task.timeoutSeconds).toBe(60);
  });
});
