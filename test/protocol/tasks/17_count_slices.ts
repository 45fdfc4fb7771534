import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from 'after-party/task';

const SLICES = 5;

export default defineTask({
  background: true,
  async run({ cursor, checkpoint }) {
    const slice = Number(cursor ?? 0) + 1;
    while (slice < SLICES) {
      if (!(await checkpoint(slice, { done: slice, total: SLICES }))) return undefined;
      await sleep(20);
    }
    return `${slice} slices`;
  },
});
