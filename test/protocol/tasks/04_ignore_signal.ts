import { defineTask } from 'after-party/task';

export default defineTask({
  async run({ env }) {
    await fetch(`${env.WORDS}/ignore_signal/began`);
    await new Promise(() => setInterval(() => undefined, 1_000));
  },
});
