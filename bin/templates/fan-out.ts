import { defineTask } from 'after-party/task';

export default defineTask({
  description: '{{description}}',
  // {{options}}
  parallel: 10,
  // One task for all, run once for each key: read them from your database where there are many.
  forEach: ({ env }) => `${env.TENANTS}`.split(',').filter((tenant) => tenant !== ''),
  async run({ dryRun, key, logger }) {
    if (dryRun) return `would change ${key}`;
    logger.info(`{{name}} changes ${key}`);
    return `changed ${key}`;
  },
});
