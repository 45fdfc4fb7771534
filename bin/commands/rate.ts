import { titleOf } from '../terminal/task-lines.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Sets how many items per second a task may process, now and later. */
export async function rate(
  name: string,
  itemsPerSecond: number,
  { party, terminal }: CommandContext,
): Promise<ExitCode> {
  const changed = await party.ask({ request: 'rate', names: [name], itemsPerSecond });
  terminal.print(changed, ({ tasks }) =>
    tasks.map((task) => {
      const when = task.state === 'running' ? ', from its next checkpoint on' : '';
      return `${titleOf(task)} may process ${itemsPerSecond} items per second${when}`;
    }),
  );
  return EXIT.ok;
}
