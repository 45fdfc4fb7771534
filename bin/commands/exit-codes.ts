import { isPartyError } from '../../functions/errors.ts';

/** What the exit code of the program says. */
export const EXIT = {
  ok: 0,
  taskFailed: 1,
  /** Usage, credentials, stack, permission, a damaged record: nothing was started. */
  notStarted: 2,
  /** `status --check`: a task is pending, failed, or waits for a person. */
  unfinished: 3,
  /** Another run holds the task. */
  held: 4,
  /** Left with Ctrl-C, at a question or while a run goes on; the shells' number for that signal. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOf(error: unknown): ExitCode {
  if (!isPartyError(error)) return EXIT.notStarted;
  if (error.code === 'left') return EXIT.interrupted;
  return error.code === 'held' ? EXIT.held : EXIT.notStarted;
}
