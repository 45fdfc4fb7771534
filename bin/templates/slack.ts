import { defineTask } from 'after-party/task';

export default defineTask({
  description: '{{description}}',
  // {{options}}
  // Nobody rolls back a release because Slack is down.
  onFailure: 'continue',
  retries: 2,
  timeout: '30s',
  async run({ deploy, dryRun, env, environmentName, signal }) {
    const { succeeded, failed } = await deploy.summary();
    const text = `${environmentName}: ${succeeded} succeeded, ${failed} failed`;
    if (dryRun) return `would say "${text}"`;
    const response = await fetch(`${env.SLACK_WEBHOOK_URL}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text }),
      signal,
    });
    if (!response.ok) throw new Error(`HTTP ${response.status} from Slack`);
    return `said "${text}"`;
  },
});
