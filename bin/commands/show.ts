import type { TaskDetails } from '../../functions/controller/requests.ts';
import { stackOfTask } from '../../functions/stack-frames.ts';
import { localNames } from '../project/local-tasks.ts';
import { progressDetails, splitDetails } from '../terminal/progress.ts';
import { oneLine } from '../terminal/safe-text.ts';
import { childTitle, noteOf, resultText, stateColour, titleOf, tookOf } from '../terminal/task-lines.ts';
import { minute, span } from '../terminal/times.ts';
import { childLines, childrenOf, type ShownChildren } from './child-lines.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { mend, needsYou } from './needs-you.ts';

export interface ShowOptions {
  /** Children of the only task. */
  readonly key?: readonly string[];
}

/** A task with its children: as JSON all of them, for people those that have not succeeded. */
type ShownTask = TaskDetails & ShownChildren;

/** Shows all that is known of the tasks; as JSON, one task is the document itself, several are in `tasks`. */
export async function show(
  names: readonly string[],
  { key }: ShowOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { tasks } = await context.party.ask({
    request: 'show',
    names: [...names],
    local: localNames(context.cwd),
    ...(key !== undefined && { keys: [...key] }),
  });
  const shown = await Promise.all(
    tasks.map(async (task): Promise<ShownTask> => ({ ...task, ...(await childrenOf(task, context)) })),
  );
  const [only, ...others] = shown;
  const document: ShownTask | { tasks: readonly ShownTask[] } =
    only !== undefined && others.length === 0 ? only : { tasks: shown };
  context.terminal.print(document, (safe) => {
    const shown = 'tasks' in safe ? safe.tasks : [safe];
    return shown.flatMap((task, index) => [...(index === 0 ? [] : ['']), ...taskLines(task, context)]);
  });
  return EXIT.ok;
}

function taskLines(task: ShownTask, context: CommandContext): string[] {
  const { terminal, party, now } = context;
  const { colours } = terminal;
  const fields: [string, string][] = [
    ['when', task.when],
    ['attempt', task.attempt === 0 ? '' : String(task.attempt)],
    ['started', task.startedAt === null ? '' : `${minute(task.startedAt)} UTC`],
    ['finished', task.finishedAt === null ? '' : `${minute(task.finishedAt)} UTC`],
    ['took', tookOf(task, now()) === null ? '' : span(tookOf(task, now()))],
    ['split', splitDetails(task.split)],
    ['progress', progressDetails(task.progress)],
    ['rate', task.rate === null ? '' : `${task.rate} items per second`],
    ['cursor', task.cursor === null ? '' : oneLine(JSON.stringify(task.cursor))],
    ['last run', task.lastRun ?? ''],
    ['result', resultText(task.result)],
    ['reason', task.reason ?? ''],
    ['params', task.params === null ? '' : JSON.stringify(task.params)],
    ['note', noteOf({ ...task, ...NOTHING_TO_SAY })],
    ['error', task.error === null ? '' : `${task.error.name}: ${task.error.message}`],
    ['at', [task.error?.position, task.error?.at].filter(Boolean).join(', ')],
    ['item', task.error?.item ?? ''],
  ];
  const width = Math.max(...fields.map(([name]) => name.length));
  const title = task.child === undefined ? titleOf(task) : `${titleOf(task)} ${childTitle(task.child)}`;
  return [
    `${colours.strong(title)}  ${stateColour(task.state, colours)(task.state)}`,
    ...(task.description === '' ? [] : [`  ${task.description}`]),
    ...fields
      .filter(([, text]) => text !== '')
      .map(([name, text]) => `  ${name.padEnd(width)}  ${indented(text, width + 4)}`),
    ...section('not succeeded', childLines(task, context)),
    ...section('stack', stackOfTask(task.error?.stack ?? '').filter(Boolean)),
    ...section('last log lines', task.logs),
    ...section('history', task.history.map(historyLine)),
    ...section('', task.child === undefined ? needsYou([task], party.flags, mend) : []),
  ];
}

/** What a note would repeat of the other fields. */
const NOTHING_TO_SAY = {
  ...{ error: null, reason: null, result: null, progress: null, split: null, attempt: 0 },
} as const;

function historyLine(entry: TaskDetails['history'][number]): string {
  const took = entry.startedAt === undefined ? '' : span(Date.parse(entry.at) - Date.parse(entry.startedAt));
  const why = entry.error ?? (entry.reason === undefined ? '' : `"${entry.reason}"`);
  const by = entry.by === undefined ? '' : `by ${entry.by}`;
  return [`${minute(entry.at)}`, `#${entry.attempt}`, entry.state, took, why, by].filter(Boolean).join('  ');
}

function section(head: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return head === '' ? ['', ...lines] : ['', head, ...lines.map((line) => `  ${line.trimEnd()}`)];
}

function indented(text: string, columns: number): string {
  return text.replaceAll('\n', `\n${' '.repeat(columns)}`);
}
