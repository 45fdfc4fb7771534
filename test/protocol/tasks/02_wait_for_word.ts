import { defineTask } from 'after-party/task';

export default defineTask({
  async run({ env, signal }) {
    const response = await fetch(`${env.WORDS}/wait_for_word`, { signal });
    return await response.text();
  },
});
