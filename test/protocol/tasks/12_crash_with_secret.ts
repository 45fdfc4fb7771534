import { defineTask } from 'after-party/task';
import { tenantAndToken } from './_secret.ts';

export default defineTask({
  when: 'manual',
  params: tenantAndToken,
  secretParams: ['token'],
  async run({ params, logger }) {
    logger.warn(`about to crash with ${params.token}`);
    Promise.reject(new Error(`nobody awaits ${params.token}`));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  },
});
