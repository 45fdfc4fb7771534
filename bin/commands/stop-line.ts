import type { TaskStatus } from '../../functions/controller/requests.ts';
import { noteOf, titleOf } from '../terminal/task-lines.ts';

/** What came of asking a task to stop. */
export function stopLine(kind: 'pause' | 'cancel', task: TaskStatus): string {
  if (task.notes.includes(`${kind}-requested`)) {
    return `${kind} requested: ${titleOf(task)} stops at its next item or checkpoint`;
  }
  return `${titleOf(task)} is ${task.state}  ${noteOf(task)}`.trimEnd();
}
