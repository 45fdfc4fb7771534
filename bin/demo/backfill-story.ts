import type { RunStatus, TaskStatus } from '../../functions/controller/requests.ts';
import { progressBar, progressText } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type DeployOrder, deploy, invoke } from './deploy.ts';
import { deployLines, nameColumns, runLines } from './deploy-lines.ts';

const TASK = 'backfill_full_name';
/** How far the backfill must have come before its process is killed. */
const KILLED_FROM = 0.2;

/** Kills the process that backfills as `kill -9` does, and has the task go on where it was seen last. */
export async function tellBackfill(
  order: DeployOrder,
  terminal: Terminal,
  print: (line: string) => void,
): Promise<void> {
  const { colours } = terminal;
  const line = (task: TaskStatus, ...rest: string[]) => `  ◐ ${nameColumns(task)} ${rest.join('  ')}`;
  const show = ({ tasks: [task] }: RunStatus): void => {
    if (task?.state !== 'running' || !terminal.showsPassingLines) return;
    terminal.passingLine(line(task, progressBar(task.progress), progressText(task.progress)));
  };
  let runner: number | undefined;
  const killed = await deploy({
    ...order,
    onAnswered: (answered) => deployLines(answered, [], colours).forEach(print),
    onRunner: (processId) => {
      runner = processId;
    },
    onLook: (run) => {
      show(run);
      if (runner === undefined || shareOf(run) < KILLED_FROM) return;
      process.kill(runner, 'SIGKILL');
      runner = undefined;
    },
  });
  const [task] = killed.background.flatMap(({ tasks }) => tasks);
  if (task?.state === 'failed')
    print(line(task, `kill -9 at ${progressText(task.progress)}, attempt ${task.attempt}`));
  print(colours.quiet(`  $ after-party invoke ${TASK}`));
  for (const text of runLines(await invoke({ ...order, onLook: show }, TASK), colours)) print(text);
}

function shareOf({ tasks: [task] }: RunStatus): number {
  const { done = 0, total = null } = task?.progress ?? {};
  return total === null || task?.state !== 'running' ? 0 : done / total;
}
