import { describe, expect, it, onTestFinished } from 'vitest';
import task from '../../tasks/20260209150000_notify_issue_111.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { runTask } from './run-task.ts';

describe('notify_issue_111', () => {
  it('sends one mail, with the key that lets the mail service tell a repetition', async () => {
    const mail = await startLoopbackServer(() => 202);
    onTestFinished(() => mail.stop());

    const result = await runTask(task, { env: { MAIL_URL: `${mail.url}/mail` }, idempotencyKey: 'once' });

    expect(result).toBe('mail to support');
    expect(mail.requests).toHaveLength(1);
    expect(mail.requests[0]?.headers['idempotency-key']).toBe('once');
    expect(JSON.parse(mail.requests[0]?.body ?? '')).toMatchObject({ to: 'support@example.com' });
  });

  it('fails if the mail service refuses', async () => {
    const mail = await startLoopbackServer(() => 500);
    onTestFinished(() => mail.stop());

    await expect(runTask(task, { env: { MAIL_URL: mail.url } })).rejects.toThrow(
      'HTTP 500 from the mail service',
    );
  });

  it('is never sent twice unasked', () => {
    expect(task).toMatchObject({ delivery: 'at-most-once', retries: 0 });
  });

  it('is not sent before the deploy has committed', () => {
    expect(task.background).toBe(true);
  });
});
