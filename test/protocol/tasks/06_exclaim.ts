import { defineTask } from 'after-party/task';

export default defineTask({
  run() {
    throw new Error('💥漢字"\\'.repeat(1_000));
  },
});
