import { runTask } from 'after-party/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260209150000_notify_issue_111.ts';
import { startLoopbackServer } from '../loopback-server.ts';

describe('notify_issue_111', () => {
  it('sends one mail, with the key that lets the mail service tell a repetition', async () => {
    const mail = await startLoopbackServer(() => 202);
    onTestFinished(() => mail.stop());

    const run = await runTask(task, { env: { MAIL_URL: `${mail.url}/mail` }, idempotencyKey: 'once' });

    expect(run).toMatchObject({ state: 'succeeded', result: 'mail to support' });
    expect(mail.requests).toHaveLength(1);
    expect(mail.requests[0]?.headers['idempotency-key']).toBe('once');
    expect(JSON.parse(mail.requests[0]?.body ?? '')).toMatchObject({ to: 'support@example.com' });
  });

  it('is in doubt if the mail service refuses, and is not sent again unasked', async () => {
    const mail = await startLoopbackServer(() => 500);
    onTestFinished(() => mail.stop());

    const run = await runTask(task, { env: { MAIL_URL: mail.url } });

    expect(run).toMatchObject({ state: 'in-doubt', error: { message: 'HTTP 500 from the mail service' } });
    expect(mail.requests).toHaveLength(1);
  });

  it('is not sent before the deploy has committed', () => {
    expect(task.background).toBe(true);
  });
});
