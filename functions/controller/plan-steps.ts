import type { RunRecord, SelectedTask, TaskRecord } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import { versionKey } from '../task/version.ts';
import { unmet, unmetText } from './after.ts';
import type { StatusView } from './children-status.ts';
import { standing } from './next-step.ts';

/** What a deploy would do with a task that it has selected. */
export type Step =
  | { readonly does: 'run' | 'resume' | 'wait' | 'stop' | 'behind'; readonly why: string | null }
  | { readonly does: 'leave'; readonly because: string; readonly why: string | null };

/** What a deploy would do with each of the tasks it has selected, were all that it runs to succeed. */
export function foresee(
  selected: { readonly blocking: readonly SelectedTask[]; readonly background: readonly SelectedTask[] },
  view: StatusView,
  now: number,
): Map<string, Step> {
  const deploy = new Foresight([...selected.blocking, ...selected.background], view, now);
  const stopped = deploy.blocking(selected.blocking);
  deploy.background(selected.background, stopped);
  return deploy.steps;
}

class Foresight {
  readonly steps = new Map<string, Step>();
  readonly #run: RunRecord;
  readonly #now: number;
  readonly #splits: StatusView['splits'];
  readonly #damaged: ReadonlyMap<string, Error>;
  /** As they would be once what runs before has succeeded. */
  readonly #records = new Map<string, TaskRecord>();

  constructor(selection: readonly SelectedTask[], { records, splits }: StatusView, now: number) {
    this.#now = now;
    this.#splits = splits;
    const damaged = new Map<string, Error>();
    for (const [version, record] of records)
      if (record instanceof Error) damaged.set(version, record);
      else this.#records.set(version, record);
    this.#damaged = damaged;
    this.#run = {
      schema: 1,
      runId: '0'.repeat(32),
      trigger: 'deploy',
      by: 'the next deploy',
      state: 'running',
      summary: '',
      startedAt: new Date(now).toISOString(),
      selection: [...selection],
    };
  }

  /** @returns the task that would stop the deploy */
  blocking(tasks: readonly SelectedTask[]): SelectedTask | undefined {
    // A run whose records cannot all be read does not begin.
    let stopped = tasks.find((task) => this.#damaged.has(versionKey(task.version)));
    for (const task of tasks) {
      const damaged = this.#damaged.has(versionKey(task.version));
      const seen = this.#seen(task);
      const step = task.onFailure === 'continue' && !damaged ? passedBy(seen) : seen;
      const comes = step.does === 'leave' || damaged || stopped === undefined;
      this.#note(task, comes ? step : behind(stopped ?? task));
      if (comes && step.does === 'stop') stopped ??= task;
    }
    return stopped;
  }

  /** Each is run for itself, once those have succeeded that it is after. */
  background(tasks: readonly SelectedTask[], stopped: SelectedTask | undefined): void {
    let left = tasks;
    const isUnready = (task: SelectedTask): boolean => this.#missing(task).length > 0;
    for (let waiting = left.filter(isUnready); ; waiting = left.filter(isUnready)) {
      for (const task of left.filter((other) => !waiting.includes(other))) {
        this.#noteBackground(task, stopped);
      }
      if (waiting.length === left.length) break;
      left = waiting;
    }
    for (const task of left) this.#noteBackground(task, stopped);
  }

  /** What another run is at, those that are after it wait for. */
  #noteBackground(task: SelectedTask, stopped: SelectedTask | undefined): void {
    const step = this.#seen(task);
    const isBehind = stopped !== undefined && step.does !== 'leave' && step.does !== 'wait';
    this.#note(task, isBehind ? behind(stopped) : step);
    if (!isBehind) this.steps.set(versionKey(task.version), leftAlone(step));
  }

  #seen(task: SelectedTask): Step {
    const damaged = this.#damaged.get(versionKey(task.version));
    return damaged === undefined ? this.#step(task) : stop(`its record is damaged: ${damaged.message}`);
  }

  #step(task: SelectedTask): Step {
    const record = this.#records.get(versionKey(task.version));
    const stands = standing(task, record, this.#run, this.#now);
    const missing = stands === 'ready' || stands === 'split' ? this.#missing(task) : [];
    if (missing.length > 0) return stop(unmetText(task, missing, this.#records));
    switch (stands) {
      case 'running':
        return { does: 'wait', why: `run ${record?.run} is executing it` };
      case 'done':
        return { does: 'leave', because: record?.state ?? 'done', why: reasonOf(record) };
      case 'failed':
        return stop('it is in doubt: a person has to say whether it had its effect');
      case 'broken-off':
        return task.delivery === 'at-most-once'
          ? stop('it broke off and may have had its effect: it will be in doubt')
          : { does: 'leave', because: 'stale', why: 'it succeeded before a re-run by hand broke off' };
      case 'split':
        return record?.state === 'fanned-out' &&
          this.#splits?.get(versionKey(task.version))?.isUnderWay === true
          ? { does: 'wait', why: `run ${record.run} is executing its children` }
          : { does: 'resume', why: null };
      case 'ready':
        return { does: record?.state === 'interrupted' ? 'resume' : 'run', why: null };
    }
  }

  #missing(task: SelectedTask) {
    return unmet(task, this.#run, this.#records);
  }

  /** What runs is taken to succeed. */
  #note(task: SelectedTask, step: Step): void {
    const key = versionKey(task.version);
    this.steps.set(key, step);
    if (!runs(step)) return;
    const at = this.#run.startedAt;
    const record = this.#records.get(key) ?? {
      ...{ schema: 1 as const, version: task.version, name: task.name, summary: '' },
      ...{ attempt: 0, history: [] },
    };
    this.#records.set(key, { ...record, state: 'succeeded', succeededAt: at, lastRun: this.#run.runId });
  }
}

function runs({ does }: Step): boolean {
  return does === 'run' || does === 'resume' || does === 'wait';
}

function stop(why: string): Step {
  return { does: 'stop', why };
}

function behind(task: SelectedTask): Step {
  return { does: 'behind', why: `${idOf(task)} stops the deploy first` };
}

/** A failure that the deploy tolerates does not stop it. */
function passedBy(step: Step): Step {
  return step.does === 'stop' ? { does: 'leave', because: 'not-ready', why: step.why } : step;
}

/** A deploy waits for no background task, and none stops it. */
function leftAlone(step: Step): Step {
  return step.does === 'wait' ? { does: 'leave', because: 'running', why: step.why } : passedBy(step);
}

function reasonOf(record: TaskRecord | undefined): string | null {
  return record?.reason === undefined ? null : `"${record.reason}"`;
}
