import type { RunStatus, TaskStatus } from '../../functions/controller/requests.ts';
import type { Colours } from './colours.ts';
import { bar, farText, outlookText, paceText, progressBar } from './progress.ts';
import { titleOf, tookOf } from './task-lines.ts';
import { columnsOf, cut } from './text-width.ts';
import { span } from './times.ts';

/** What is seen of a run while it goes on: a line for each task that is executed, and one for them all. */
export function runningLines(
  run: Pick<RunStatus, 'runId' | 'tasks'>,
  columns: number,
  { colours, now }: { readonly colours: Colours; readonly now: number },
): string[] {
  const running = run.tasks.filter(({ state }) => state === 'running');
  const ended = run.tasks.filter(({ state, lastRun }) => lastRun === run.runId && state !== 'running');
  const count = run.tasks.length;
  return [
    ...running.map((task) => `${colours.busy('◐')} ${runningLine(task, columns - 2, now)}`),
    ...(count > 1 ? [`  ${bar(ended.length / count)} ${ended.length} of ${count} tasks`] : []),
  ];
}

/** As much of how far a task has come as there is room for; its name gives way last. */
export function runningLine(task: TaskStatus, columns: number, now: number): string {
  const { name } = task;
  const title = titleOf(task);
  const shown = progressBar(task.progress, task.split);
  const far = farText(task) || span(tookOf(task, now));
  const lines = [
    [title, shown, paceText(task)],
    [title, shown, outlookText(task)],
    [name, shown, outlookText(task)],
    [name, '', outlookText(task)],
    [name, '', far],
  ].map(([who, ...parts]) => `${who}  ${parts.filter(Boolean).join(' ') || far}`);
  const fitting = lines.find((line) => columnsOf(line) <= columns);
  return fitting ?? `${cut(name, columns - columnsOf(far) - 2)}  ${far}`;
}
