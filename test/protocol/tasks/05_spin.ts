import { defineTask } from 'after-party/task';

export default defineTask({
  async run({ env }) {
    await fetch(`${env.WORDS}/spin/began`);
    for (;;);
  },
});
