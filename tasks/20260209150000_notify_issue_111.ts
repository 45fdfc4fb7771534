import { defineTask } from 'after-party/task';

export default defineTask({
  description: 'Tell support that issue 111 is fixed',
  // It would be untrue if the deploy were rolled back.
  background: true,
  // Nobody wants this mail twice: whether it left before a crash, a person finds out.
  delivery: 'at-most-once',
  timeout: '30s',
  async run({ env, idempotencyKey, signal }) {
    const response = await fetch(`${env.MAIL_URL}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
      body: JSON.stringify({
        to: 'support@example.com',
        subject: 'Issue 111 is fixed',
        text: 'Titles no longer show control characters. Please tell the customers who asked.',
      }),
      signal,
    });
    if (!response.ok) throw new Error(`HTTP ${response.status} from the mail service`);
    return 'mail to support';
  },
});
