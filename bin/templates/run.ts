import { defineTask } from 'after-party/task';

export default defineTask({
  description: '{{description}}',
  // {{options}}
  async run({ environmentName, logger }) {
    logger.info(`{{name}} runs in ${environmentName}`);
  },
});
