import { source } from '../functions/sources/index.ts';
import { defineTask } from '../functions/task/index.ts';
import { startDatabase } from './database.ts';
import { executeTask } from './one-task.ts';

/** Has a task process synthetic items, as many as it is told to, and prints the megabytes that took at most. */
const items = Number(process.argv[2]);
const database = await startDatabase();
const print = process.stdout.write.bind(process.stdout);
// The runner's log lines are not the answer.
process.stdout.write = () => true;
await executeTask(
  database.client,
  defineTask({
    items: source(function* (cursor: number | undefined) {
      for (let number = cursor ?? 0; number < items; number += 1)
        yield [{ id: `user-${number}`, name: `Ada ${number}` }, number + 1] as const;
    }),
    process: async ({ name }) => name.length,
    concurrency: 16,
  }),
);
database.stop();
print(String(process.resourceUsage().maxRSS / 1024));
