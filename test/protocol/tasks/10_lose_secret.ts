import { defineTask, type TaskLogger } from 'after-party/task';
import { type TenantAndToken, tenantAndToken } from './_secret.ts';

export default defineTask({
  when: 'manual',
  params: tenantAndToken,
  secretParams: ['token'],
  run({ params, logger }) {
    tell(params, logger);
    throw new Error(`HTTP 401 with ${params.token}`, { cause: new Error(`Bearer ${params.token}`) });
  },
});

function tell({ tenant, token }: TenantAndToken, logger: TaskLogger): void {
  console.log(`token ${token}`);
  console.error({ token });
  logger.info(`of ${tenant}`, { token, nested: { list: [token] } });
  process.stdout.write(`${token}\n`);
  process.stderr.write(`${encodeURIComponent(token)}\n`);
}
