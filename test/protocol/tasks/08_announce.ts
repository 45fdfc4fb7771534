import { defineTask } from 'after-party/task';

export default defineTask({
  when: 'every-deploy',
  async run({ deploy }) {
    const { succeeded, failed } = await deploy.summary();
    return { succeeded, failed };
  },
});
