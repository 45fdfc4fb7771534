import type { ChildStatus, RunStatus, TaskStatus } from '../../functions/controller/requests.ts';
import { showPassingLines } from '../terminal/live-lines.ts';
import { progressBar, progressText } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type DeployOrder, deploy, invoke, shardsOf } from './deploy.ts';
import { deployLines, nameColumns, runLines } from './deploy-lines.ts';

const TASK = 'backfill_full_name';
/** How far the backfill must have come before one of its processes is killed. */
const KILLED_FROM = 0.4;

/** Kills one of the processes that backfill as `kill -9` does, and has the task go on where it was seen last. */
export async function tellBackfill(
  order: DeployOrder,
  terminal: Terminal,
  print: (line: string) => void,
): Promise<void> {
  const { colours } = terminal;
  const barLine = (task: TaskStatus): string =>
    `  ◐ ${nameColumns(task)} ${progressBar(task.progress)} ${progressText(task.progress)}`;
  const show = ({ tasks: [task] }: RunStatus): void => {
    if (task?.state === 'running' && task.progress !== null)
      showPassingLines(terminal, () => [barLine(task)]);
  };
  let runner: number | undefined;
  let kills = 0;
  const { background } = await deploy({
    ...order,
    onAnswered: (answered) => deployLines(answered, [], colours).forEach(print),
    onRunner: (processId) => {
      runner = processId;
    },
    onLook: (run) => {
      show(run);
      const [task] = run.tasks;
      if (runner === undefined || task === undefined || !isInTheMiddle(task)) return;
      // Should it have been between two shards all the same, whoever takes its place is killed.
      if ((kills === 0 && !isBusy(task)) || !kill(runner)) return;
      runner = undefined;
      kills += 1;
      print(`${barLine(task)}   kill -9 of one of its processes`);
    },
  });
  for (const run of background) runLines(run, colours).forEach(print);

  // Had all of them been between two shards, nothing would have failed.
  if (background.every(({ state }) => state === 'succeeded')) return;
  const before = await shardsOf(order, TASK);
  print(colours.quiet(`  $ npx after-party invoke ${TASK} --local`));
  const resumed = await invoke({ ...order, onLook: show }, [TASK]);
  print(`  ◐ ${resumedText(background, before, await shardsOf(order, TASK))}`);
  runLines(resumed, colours).forEach(print);
}

/** Whether there was such a process to kill. */
function kill(processId: number): boolean {
  try {
    return process.kill(processId, 'SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Whether the task has come far enough, and nothing has happened to it. */
function isInTheMiddle({ state, progress, split }: TaskStatus): boolean {
  const { done = 0, total = null } = progress ?? {};
  return state === 'running' && split?.failed === 0 && total !== null && done / total >= KILLED_FROM;
}

/** Whether each of the task's processes is executing a shard. */
function isBusy({ split }: TaskStatus): boolean {
  return split?.running === split?.parallel;
}

/** From where the task went on, and how many of its finished shards were executed a second time. */
function resumedText(
  [run]: readonly RunStatus[],
  before: readonly ChildStatus[],
  after: readonly ChildStatus[],
): string {
  const finished = before.filter(({ state }) => state === 'succeeded');
  const attempts = new Map(after.map(({ number, attempt }) => [number, attempt]));
  const repeated = finished.filter(({ number, attempt }) => attempts.get(number) !== attempt).length;
  const from = progressText(run?.tasks[0]?.progress ?? null);
  return `resumed from ${from}, ${repeated === 0 ? 'none' : repeated} of the ${finished.length} finished shards repeated`;
}
