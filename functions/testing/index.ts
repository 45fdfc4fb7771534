export { type LogLine, type RunTaskOptions, runTask, type TaskBefore, type TaskRun } from './run-task.ts';
