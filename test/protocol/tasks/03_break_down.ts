import { defineTask } from 'after-party/task';

export default defineTask({
  run() {
    throw new TypeError("Cannot read properties of undefined (reading 'trim')");
  },
});
