import type { LogLine, RunStatus, TaskStatus } from '../../../functions/controller/requests.ts';
import { type Answer, logLine, runStatus, taskStatus } from '../command-line.ts';

/** A party in which the task starts at the first look and ends at the second. */
export function oneTaskParty(
  end: Partial<TaskStatus>,
  lines: Partial<LogLine>[] = [{}],
  run: Partial<RunStatus> = {},
): Record<string, Answer> {
  let looks = 0;
  return {
    invoke: (request) => runStatus(request, { state: 'running', tasks: [taskStatus({})], ...run }),
    'show-run': (request) => {
      looks += 1;
      const lastRun = String(request.runId);
      if (looks === 1)
        return runStatus(request, { tasks: [taskStatus({ state: 'running', attempt: 2, lastRun })], ...run });
      const task = taskStatus({ attempt: 2, lastRun, durationMs: 300, ...end });
      const state = task.state === 'succeeded' ? 'succeeded' : 'failed';
      return runStatus(request, { state, outcome: `the run ${state}`, tasks: [task], ...run });
    },
    logs: () => ({ lines: lines.slice(0, looks > 1 ? lines.length : looks).map(logLine), token: null }),
  };
}
