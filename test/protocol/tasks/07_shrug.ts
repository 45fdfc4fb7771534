import { defineTask } from 'after-party/task';

export default defineTask({
  onFailure: 'continue',
  run() {
    throw new Error('nobody minds');
  },
});
