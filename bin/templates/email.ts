import { defineTask } from 'after-party/task';

export default defineTask({
  description: '{{description}}',
  // {{options}}
  // Nobody wants a mail twice: whether it left before a crash, a person finds out.
  delivery: 'at-most-once',
  timeout: '30s',
  // With SES, send the SendEmailCommand of @aws-sdk/client-sesv2 instead, and grant the party ses:SendEmail.
  async run({ dryRun, env, idempotencyKey, signal }) {
    const mail = {
      to: `${env.MAIL_TO}`,
      subject: '{{description}}',
      text: 'It is done.',
    };
    if (dryRun) return `would mail ${mail.to}`;
    const response = await fetch(`${env.MAIL_URL}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
      body: JSON.stringify(mail),
      signal,
    });
    if (!response.ok) throw new Error(`HTTP ${response.status} from the mail service`);
    return `mailed ${mail.to}`;
  },
});
