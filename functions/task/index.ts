export type {
  DeployInfo,
  LogExtra,
  RunContext,
  RunSummary,
  TaskContext,
  TaskLogger,
  TaskProgress,
} from './context.ts';
export { defineTask, type Task } from './define-task.ts';
export type { Duration } from './duration.ts';
export type { TaskMiddleware, TaskRequest } from './middleware.ts';
export type { Json, Source } from './source.ts';
export type { TaskOptions } from './task-options.ts';
