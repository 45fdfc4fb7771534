import { defineTask } from 'after-party/task';

export default defineTask({
  delivery: 'at-most-once',
  run() {
    process.kill(process.pid, 'SIGKILL');
  },
});
