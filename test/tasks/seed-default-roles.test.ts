import { runTask } from 'after-party/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260223090000_seed_default_roles.ts';
import { startLoopbackServer } from '../loopback-server.ts';

/** Without tenants it cannot list them. */
async function startIdentity({ tenants, locked }: { tenants?: readonly string[]; locked?: string }) {
  const identity = await startLoopbackServer(({ path }) => {
    if (path === '/tenants') return tenants === undefined ? 503 : [200, JSON.stringify(tenants)];
    return path === `/tenants/${locked}/roles` ? 423 : 204;
  });
  onTestFinished(() => identity.stop());
  return { identity, env: { IDENTITY_URL: identity.url } };
}

describe('seed_default_roles', () => {
  it('is split into all tenants but the excepted one', async () => {
    const { env } = await startIdentity({ tenants: ['acme', 'staff', 'globex', 'staff/2'] });

    const run = await runTask(task, { env });

    expect(run).toMatchObject({
      state: 'fanned-out',
      children: [{ key: 'acme' }, { key: 'globex' }, { key: 'staff/2' }],
    });
  });

  it('gives one tenant the roles, whatever its key', async () => {
    const { env, identity } = await startIdentity({});

    const run = await runTask(task, { env, key: 'a/b #1 ü' });

    expect(run).toMatchObject({ state: 'succeeded', result: '3 roles' });
    expect(identity.requests).toMatchObject([
      {
        method: 'PUT',
        path: '/tenants/a%2Fb%20%231%20%C3%BC/roles',
        body: '["owner","editor","viewer"]',
      },
    ]);
  });

  it('fails for a tenant that does not take them, and for no other', async () => {
    const { env } = await startIdentity({ locked: 'initech' });

    expect(await runTask(task, { env, key: 'initech' })).toMatchObject({
      state: 'failed',
      error: { message: 'HTTP 423 from the identity service' },
    });
    expect((await runTask(task, { env, key: 'acme' })).state).toBe('succeeded');
  });

  it('fails where it cannot know the tenants', async () => {
    const { env } = await startIdentity({});

    const run = await runTask(task, { env });

    expect(run).toMatchObject({ state: 'failed', error: { message: expect.stringContaining('HTTP 503') } });
  });

  it('fails no deploy', () => {
    expect(task).toMatchObject({ onFailure: 'continue', background: false });
  });
});
