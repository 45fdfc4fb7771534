export type { DeployInfo, LogExtra, RunSummary, TaskContext, TaskLogger } from './context.ts';
export { defineTask, type Task, type TaskOptions } from './define-task.ts';
export type { Duration } from './duration.ts';
export type { TaskMiddleware, TaskRequest } from './middleware.ts';
