export { createRunner } from './runner.ts';
export type { TaskFile } from './task-file.ts';
