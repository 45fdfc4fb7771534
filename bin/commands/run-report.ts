import type { LogLine, RunStatus, TaskStatus } from '../../functions/controller/requests.ts';
import { messageOf } from '../../functions/errors.ts';
import { LogReader } from '../party/log-reader.ts';
import { attemptEndOf } from '../terminal/attempt-end.ts';
import { errorLines } from '../terminal/error-lines.ts';
import { showPassingLines } from '../terminal/live-lines.ts';
import { doneOf } from '../terminal/progress.ts';
import { runningLine, runningLines } from '../terminal/running-lines.ts';
import { safeDocument, safeText } from '../terminal/safe-text.ts';
import { markOf, noteOf, quotedKey, stateColour, titleOf } from '../terminal/task-lines.ts';
import { span } from '../terminal/times.ts';
import type { CommandContext } from './context.ts';

/** Between two lines on how far a task has come, where they stay. */
const SAY_PROGRESS_MS = 10_000;

/** What has been said of a run so far. */
export class RunReport {
  readonly #runId: string;
  readonly #context: CommandContext;
  readonly #since: string;
  readonly #states: Map<string, string> = new Map();
  readonly #logs: Map<string, LogReader> = new Map();
  readonly #withLines: Set<string> = new Set();
  readonly #progress: Map<string, { readonly done: number; readonly at: number }> = new Map();
  #logsFailed = false;

  constructor(started: RunStatus, context: CommandContext) {
    this.#runId = started.runId;
    this.#context = context;
    // A minute back, for a clock of this machine that is ahead of AWS's.
    this.#since = new Date(context.now() - 60_000).toISOString();
  }

  /** Whether a task ended since of which no line has been shown: each writes at least that it started. */
  lacksLines(run: RunStatus): boolean {
    const ended = this.#executed(run).filter(({ finishedAt }) => (finishedAt ?? this.#since) >= this.#since);
    return !this.#logsFailed && ended.some((task) => !this.#withLines.has(task.version));
  }

  async showLateLines(run: RunStatus): Promise<void> {
    for (const task of this.#executed(run)) await this.#showLogs(task, run.dryRun);
  }

  async show(run: RunStatus): Promise<void> {
    const { terminal, now } = this.#context;
    const tasks = safeDocument(run.tasks);
    const seen = { colours: terminal.progressColours, now: now() };
    const drawTasks = () =>
      showPassingLines(terminal, (columns) => runningLines({ runId: run.runId, tasks }, columns, seen));
    for (const task of tasks) {
      const executed = task.lastRun === this.#runId;
      const state = executed || task.state === 'running' ? task.state : 'waiting';
      const changed = this.#states.get(task.version) !== state;
      if (changed && state === 'running') this.#say(`▸ ${titleOf(task)}${attemptOf(task)}`);
      if (state === 'running' || (executed && changed)) await this.#showLogs(task, run.dryRun);
      if (state === 'running') this.#sayProgress(task);
      // Below the line on its end it is no longer shown as running.
      drawTasks();
      if (changed && executed && state !== 'running') this.#sayEnd(task, run);
      this.#states.set(task.version, state);
    }
  }

  /** Leaves what was said, and takes away what passes. */
  end(): void {
    this.#context.terminal.endPassingLines();
  }

  /** Where lines stay, one now and then. */
  #sayProgress(task: TaskStatus): void {
    const { terminal, now } = this.#context;
    if (terminal.showsPassingLines) return;
    const done = doneOf(task);
    const before = this.#progress.get(task.version) ?? { done: 0, at: now() };
    this.#progress.set(task.version, before);
    if (done <= before.done || now() - before.at < SAY_PROGRESS_MS) return;
    this.#say(`◐ ${runningLine(task, Number.POSITIVE_INFINITY, now())}`);
    this.#progress.set(task.version, { done, at: now() });
  }

  #executed(run: RunStatus): readonly TaskStatus[] {
    return run.tasks.filter((task) => task.lastRun === this.#runId);
  }

  #sayEnd(task: TaskStatus, { dryRun: isDryRun, children }: RunStatus): void {
    const paint = stateColour(task.state, this.#context.terminal.progressColours);
    // After a dry run the state is what it was before.
    const parts = isDryRun
      ? [`· ${titleOf(task)}`, 'dry run ended']
      : [`${paint(markOf(task.state))} ${titleOf(task)}`, stateOf(task), span(task.durationMs), noteOf(task)];
    this.#say(parts.filter(Boolean).join('  '));
    if (isDryRun) return;
    // Of some children, it is about those: its task tells of any.
    const told = children.length === 0 ? [task] : safeDocument(children);
    const { quiet } = this.#context.terminal.progressColours;
    for (const { state, lastRun, error } of told) {
      if (state !== 'failed' || lastRun !== this.#runId || error === null) continue;
      for (const line of errorLines(error)) this.#say(quiet(`  ${line}`));
    }
  }

  /** Log lines are a help, not the result: where they cannot be read, that is said once. */
  async #showLogs(task: TaskStatus, isDryRun: boolean): Promise<void> {
    const reader =
      this.#logs.get(task.version) ?? new LogReader(this.#context.party, task.version, this.#since);
    this.#logs.set(task.version, reader);
    const { quiet } = this.#context.terminal.progressColours;
    try {
      const lines = safeDocument(await reader.read()).filter(
        ({ run }) => (run ?? this.#runId) === this.#runId,
      );
      if (lines.length === 0) return;
      this.#withLines.add(task.version);
      const who = (line: LogLine) => quiet([safeText(task.name), childOf(line)].filter(Boolean).join(' '));
      const shown = lines.flatMap((line) => shortened(line, isDryRun) ?? []);
      for (const line of shown) this.#say(`  ${who(line)}  ${logText(line)}`);
    } catch (error) {
      if (!this.#logsFailed) this.#say(`  the log lines cannot be read: ${safeDocument(messageOf(error))}`);
      this.#logsFailed = true;
    }
  }

  #say(line: string): void {
    this.#context.terminal.progress(line);
  }
}

/** Where the mark in front of a task does not say how it ended. */
function stateOf({ state }: TaskStatus): string {
  return /^(succeeded|every-deploy|failed)$/.test(state) ? '' : state;
}

function attemptOf(task: TaskStatus): string {
  return task.attempt > 1 ? `  attempt ${task.attempt}` : '';
}

/** The runner's own lines without all their fields; undefined for that of an end which the task's state shows. */
function shortened(line: LogLine, isDryRun: boolean): LogLine | undefined {
  const end = attemptEndOf(line.message);
  if (end === undefined) return line;
  if (isDryRun) return { ...line, message: [end.text, ...end.error].join('\n') };
  return childOf(line) === '' ? undefined : { ...line, message: end.text };
}

/** The child of a split task that a log line is of. */
export function childOf({ key, shard }: LogLine): string {
  if (key !== undefined) return quotedKey(key);
  return shard ?? '';
}

/** A log line as people read it beside its task. */
export function logText(line: LogLine): string {
  return `${line.level.padEnd(5)} ${line.message.replaceAll('\n', '\n          ')}`;
}
