export type {
  DeployInfo,
  KeyContext,
  LogExtra,
  RunContext,
  RunSummary,
  ShardContext,
  TaskContext,
  TaskLogger,
  TaskProgress,
} from './context.ts';
export { defineTask, type Task } from './define-task.ts';
export type { Duration } from './duration.ts';
export type { TaskMiddleware, TaskRequest } from './middleware.ts';
export type { Json, Shard, Source } from './source.ts';
export type { Keys, KeyTaskOptions, ShardTaskOptions, TaskOptions } from './task-options.ts';
