import { defineTask } from 'after-party/task';

export default defineTask({
  description: 'Tell the team what a deploy ran',
  when: 'every-deploy',
  // Nobody rolls back a release because Slack is down.
  onFailure: 'continue',
  timeout: '10s',
  async run({ deploy, env, environmentName, signal }) {
    const { succeeded, failed } = await deploy.summary();
    const ran = succeeded + failed;
    const count = ran === 0 ? 'no tasks' : ran === 1 ? '1 task' : `${ran} tasks`;
    const text = `${environmentName}: ${count} ran${failed === 0 ? '' : `, ${failed} failed`}`;
    const response = await fetch(`${env.SLACK_URL}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text }),
      signal,
    });
    if (!response.ok) throw new Error(`HTTP ${response.status} from Slack`);
    return `→ Slack "${text}"`;
  },
});
