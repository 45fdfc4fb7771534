import { PartyError } from '../errors.ts';
import { isTask, type Task } from '../task/define-task.ts';
import type { TaskFile } from './task-file.ts';

/**
 * Imports a task's module.
 * @throws whatever the module throws while it loads, and PartyError `no-task` where it exports none
 */
export async function loadTask(file: TaskFile): Promise<Task> {
  const { default: task } = await file.load();
  if (isTask(task)) return task;
  throw new PartyError(
    'no-task',
    `tasks/${file.file} has ${task === undefined ? 'no default export' : 'a default export that is no task'}`,
    'write: export default defineTask({ … })',
  );
}
