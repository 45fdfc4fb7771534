import { defineTask } from 'after-party/task';

export default defineTask({
  background: true,
  after: ['fill'],
  run() {
    return 'clean';
  },
});
