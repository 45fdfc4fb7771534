import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260223090000_seed_default_roles.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { contextWith, runTask } from './run-task.ts';

/** Without tenants it cannot list them. */
async function startIdentity({ tenants, locked }: { tenants?: readonly string[]; locked?: string }) {
  const identity = await startLoopbackServer(({ path }) => {
    if (path === '/tenants') return tenants === undefined ? 503 : [200, JSON.stringify(tenants)];
    return path === `/tenants/${locked}/roles` ? 423 : 204;
  });
  onTestFinished(() => identity.stop());
  return { identity, env: { IDENTITY_URL: identity.url } };
}

async function keys(env: Record<string, string>): Promise<unknown> {
  return task.split?.of === 'keys' ? task.split.keys(contextWith({ env })) : undefined;
}

describe('seed_default_roles', () => {
  it('is split into all tenants but the excepted one', async () => {
    const { env } = await startIdentity({ tenants: ['acme', 'staff', 'globex', 'staff/2'] });

    expect(await keys(env)).toEqual(['acme', 'globex', 'staff/2']);
  });

  it('gives one tenant the roles, whatever its key', async () => {
    const { env, identity } = await startIdentity({});

    const result = await runTask(task, { env, key: 'a/b #1 ü' });

    expect(result).toBe('3 roles');
    expect(identity.requests).toMatchObject([
      {
        method: 'PUT',
        path: '/tenants/a%2Fb%20%231%20%C3%BC/roles',
        body: '["owner","editor","viewer"]',
      },
    ]);
  });

  it('fails for a tenant that does not take them, and where it cannot know the tenants', async () => {
    const { env } = await startIdentity({ locked: 'initech' });

    await expect(runTask(task, { env, key: 'initech' })).rejects.toThrow('HTTP 423');
    await expect(keys(env)).rejects.toThrow('HTTP 503');
  });

  it('fails no deploy', () => {
    expect(task).toMatchObject({ onFailure: 'continue', background: false });
  });
});
