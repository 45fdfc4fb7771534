import type { WorkflowStep } from '../../documents/workflow.ts';
import type { Printed, Shell } from './shell.ts';

export interface FinishedStep extends Printed {
  readonly run: string;
}

/** Runs the scripts of a job as GitHub does: after one that failed only those that are always run. */
export async function runJob(steps: readonly WorkflowStep[], shell: Shell): Promise<FinishedStep[]> {
  const finished: FinishedStep[] = [];
  for (const { run, isAlwaysRun } of steps) {
    const hasFailed = finished.some(({ code }) => code !== 0);
    if (run !== undefined && (!hasFailed || isAlwaysRun)) finished.push({ run, ...(await shell.run(run)) });
  }
  return finished;
}
