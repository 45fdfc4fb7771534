import { defineTask } from 'after-party/task';

export default defineTask({
  background: true,
  async run({ env, signal, cursor, checkpoint }) {
    await checkpoint(43, { done: 43, total: 100 });
    const response = await fetch(`${env.WORDS}/fill`, { signal });
    return `${await response.text()} from ${cursor ?? 0}`;
  },
});
