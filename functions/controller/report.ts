import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, PartyError } from '../errors.ts';
import type { RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import { stackOfTask } from '../stack-frames.ts';
import { idOf } from '../task/task-id.ts';
import { duration } from './done-text.ts';
import { hasFailed } from './next-step.ts';
import { executed, notStarted, placeOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';
import { oneParagraph, span } from './text.ts';

/** The CDK CLI shows the last 50 log lines of this function when the deploy fails. */
const LINES = 45;
const STACK_LINES = 11;
const LOG_LINES = 20;
/** Logs of a crashed runner are a courtesy: they must not delay the answer. */
const LOGS_WITHIN_MS = 5_000;

/** Logs what people need to see in the deploy's terminal: a line per task, the error, the last log lines. */
export async function writeReport(ports: ControllerPorts, run: RunRecord): Promise<void> {
  const records = await readable(ports);
  const ended = executed(run, records);
  const failed = ended.filter(({ record }) => hasFailed(record, run));
  const details = (
    await Promise.all(failed.map(({ task, record }) => detailsOf(ports, run, task, record)))
  ).flat();
  const rest = notStarted(run, records);
  const summary = [
    ...ended.map(({ task, record }) =>
      taskLine(hasFailed(record, run) ? 'ERROR' : 'INFO ', record.state, task, record),
    ),
    ...rest.map((task) => taskLine('INFO ', 'not started', task, undefined)),
  ];
  for (const line of fit(summary, details)) ports.log.report(line);
}

/** The details are what helps: the list of tasks gives way where both together are too long. */
function fit(summary: readonly string[], details: readonly string[]): string[] {
  const shown = details.slice(0, LINES - 5);
  const room = LINES - shown.length;
  if (summary.length <= room) return [...summary, ...shown];
  const failures = summary.filter((line) => line.startsWith('ERROR')).slice(0, room - 1);
  const others = summary.filter((line) => !line.startsWith('ERROR')).slice(0, room - 1 - failures.length);
  return [
    ...others,
    ...failures,
    `      … and ${summary.length - failures.length - others.length} more tasks`,
    ...shown,
  ];
}

function taskLine(level: string, state: string, task: SelectedTask, record: TaskRecord | undefined): string {
  const milliseconds = record === undefined ? undefined : duration(record);
  const took = milliseconds === undefined ? '' : span(milliseconds);
  const attempt =
    record === undefined || record.state === 'succeeded' ? '' : `attempt ${record.attempt}${far(record)}`;
  const result =
    record?.state === 'succeeded' && record.result !== undefined
      ? oneParagraph(resultText(record.result), 80)
      : '';
  return `${level} ${state.padEnd(12)} ${idOf(task)}  ${[took, attempt, result].filter((part) => part !== '').join('  ')}`.trimEnd();
}

function far(record: TaskRecord): string {
  const position = placeOf(record);
  return position === '' ? '' : `, at ${position}`;
}

function resultText(result: unknown): string {
  return typeof result === 'string' ? result : JSON.stringify(result);
}

async function detailsOf(
  ports: ControllerPorts,
  run: RunRecord,
  task: SelectedTask,
  record: TaskRecord,
): Promise<string[]> {
  const head =
    record.error === undefined
      ? (record.reason ?? record.state)
      : (record.error.stack ?? `${record.error.name}: ${record.error.message}`);
  const [thrown = '', ...frames] = stackOfTask(head);
  // The reason of a split task names the child that threw.
  const first = record.children === undefined ? thrown : (record.reason ?? thrown);
  const logs = record.logs ?? (await logsOfCrash(ports, run, task));
  return [
    `ERROR ${idOf(task)}: ${oneParagraph(first, 400)}`,
    ...frames.slice(0, STACK_LINES).map((line) => `      ${line.trim()}`),
    ...placeLines(record),
    ...logs.slice(-LOG_LINES).map((line) => `      log: ${oneParagraph(line, 300)}`),
  ];
}

function placeLines({ error, cursor }: TaskRecord): string[] {
  const parts = [
    error?.item === undefined ? [] : [`last item: ${error.item}`],
    cursor === undefined ? [] : [`cursor kept: the next deploy goes on at ${JSON.stringify(cursor)}`],
  ].flat();
  return parts.length === 0 ? [] : [`      ${oneParagraph(parts.join(' · '), 400)}`];
}

async function logsOfCrash(
  ports: ControllerPorts,
  run: RunRecord,
  task: SelectedTask,
): Promise<readonly string[]> {
  const query = { version: task.version, runId: run.runId, limit: LOG_LINES };
  const read = ports.runnerLogs
    .tail(query)
    .then((lines) => lines.map(({ level, message }) => `${level} ${message}`));
  try {
    return await Promise.race([read, sleep(LOGS_WITHIN_MS, [], { ref: false })]);
  } catch (error) {
    ports.log.error('the log lines of the crashed task could not be read', {
      run: run.runId,
      reason: messageOf(error),
    });
    return [];
  }
}

async function readable(ports: ControllerPorts): Promise<Map<string, TaskRecord>> {
  const records = new Map<string, TaskRecord>();
  for (const [key, record] of await ports.ledger.tasks.all()) {
    if (record instanceof PartyError) ports.log.error(record.message);
    else records.set(key, record);
  }
  return records;
}
