import { defineTask } from 'after-party/task';

export default defineTask({
  run({ env, logger }) {
    logger.info(`hello from ${env.PLACE}`);
    return { said: 'hello' };
  },
});
