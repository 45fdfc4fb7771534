import { defineTask } from 'after-party/task';

export default defineTask({
  after: ['fill'],
  run() {
    return 'dropped';
  },
});
