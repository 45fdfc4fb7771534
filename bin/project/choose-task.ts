import { statSync } from 'node:fs';
import { join } from 'node:path';
import { findTasks, knownTasks } from '../../functions/controller/task-names.ts';
import { PartyError } from '../../functions/errors.ts';
import { versionKey } from '../../functions/task/version.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type LocalTask, localTasks } from './local-tasks.ts';

/** A checkout writes all files within a moment, which says nothing about what a person works on. */
const CHECKOUT_MS = 2000;

/**
 * The task on this machine that is meant: by its name, else the one whose file was changed last, else a person is asked.
 * @throws PartyError `no-tasks`, `unknown-task`, `ambiguous-task`, or `usage` where nobody can be asked
 */
export async function chooseTask(
  word: string | undefined,
  tasksFolder: string,
  terminal: Terminal,
): Promise<LocalTask> {
  const tasks = localTasks(tasksFolder);
  if (tasks.length === 0)
    throw new PartyError(
      'no-tasks',
      `${tasksFolder} has no tasks`,
      'write one: npx after-party generate task say_hello',
    );
  const chosen = word === undefined ? lastChanged(tasks, tasksFolder) : named(word, tasks);
  return chosen ?? (await asked(tasks, terminal));
}

function named(word: string, tasks: readonly LocalTask[]): LocalTask | undefined {
  const [found] = findTasks(knownTasks({ v: 1, tasks: [] }, new Map(), tasks), [word]);
  return tasks.find(
    ({ version }) => found !== undefined && versionKey(version) === versionKey(found.version),
  );
}

function lastChanged(tasks: readonly LocalTask[], folder: string): LocalTask | undefined {
  const [last, next] = tasks
    .map((task) => ({ task, at: statSync(join(folder, task.file)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  return last !== undefined && (next === undefined || last.at - next.at > CHECKOUT_MS)
    ? last.task
    : undefined;
}

async function asked(tasks: readonly LocalTask[], terminal: Terminal): Promise<LocalTask> {
  const choices = tasks.map((task) => ({ value: task, label: `${task.version}_${task.name}` }));
  if (terminal.interactive) return terminal.choose('Which task?', choices);
  throw new PartyError(
    'usage',
    'no task was named, and several were changed last',
    `name one: npx after-party dev ${tasks.map(({ name }) => name).join(' | ')}`,
  );
}
