import { defineTask } from 'after-party/task';

export default defineTask({
  background: true,
  run() {
    return 'sent';
  },
});
