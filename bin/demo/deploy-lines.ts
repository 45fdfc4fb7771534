import type { RunStatus, TaskStatus } from '../../functions/controller/requests.ts';
import type { Colours } from '../terminal/colours.ts';
import { resultText } from '../terminal/task-lines.ts';
import { wrapped } from '../terminal/text-width.ts';
import { span } from '../terminal/times.ts';
import type { Answered } from './deploy.ts';

/** Of the reason: it is read in any terminal, and in what a build server keeps. */
const WIDTH = 80;

/** A deploy as the demo shows it: a line for each task that it waited for, then what it left, then the failure. */
export function deployLines(
  { run, response }: Answered,
  notes: readonly string[],
  colours: Colours,
): string[] {
  const ran = ranIn(run);
  const waiting = run.tasks.length - ran.length;
  const isIdle = run.background.length === 0 && !run.tasks.some((task) => task.when === 'once');
  const left = waiting === 0 ? notes : [`${waiting} not started`, ...notes];
  return [
    ...(isIdle ? [`  ${colours.quiet('no pending tasks to run')}`] : []),
    ...ran.map((task) => taskLine(task, colours)),
    ...(left.length === 0 ? [] : [colours.quiet(`  · ${left.join(', ')}`)]),
    ...(response.Status === 'FAILED' ? failureLines(response.Reason, colours) : []),
    ...(run.background.length === 0 ? [] : ['  committed. Background:']),
  ];
}

/** A line for each task that a run executed. */
export function runLines(run: RunStatus, colours: Colours): string[] {
  return ranIn(run).map((task) => taskLine(task, colours));
}

function ranIn(run: RunStatus): TaskStatus[] {
  return run.tasks.filter((task) => task.lastRun === run.runId);
}

function taskLine(task: TaskStatus, colours: Colours): string {
  const failed = task.state === 'failed' || task.state === 'in-doubt';
  const mark = failed ? colours.bad('✖') : colours.good('✔');
  const always = task.when === 'every-deploy';
  const parts = [
    failed ? (task.reason ?? task.error?.message ?? task.state) : resultText(task.result),
    !always && (failed || task.attempt > 1) ? `attempt ${task.attempt}` : '',
  ];
  const note = parts.filter((part) => part !== '').join(', ');
  return `  ${mark} ${nameColumns(task)} ${span(task.durationMs).padStart(5)}  ${note}`.trimEnd();
}

/** Which task a line is about. */
export function nameColumns({ when, version, name }: TaskStatus): string {
  return `${(when === 'every-deploy' ? 'every deploy' : version).padEnd(14)} ${name.padEnd(26)}`;
}

function failureLines(reason: string, colours: Colours): string[] {
  return [
    `  deploy ${colours.bad('FAILED')}, as CloudFormation would show it:`,
    ...wrapped(`    ${reason}`, WIDTH, '    '),
  ];
}
