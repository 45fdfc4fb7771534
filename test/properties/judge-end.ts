import { isSettled } from '../../functions/ledger/index.ts';
import { MARKER } from './cloudformation.ts';
import { DEPLOY_SECONDS } from './functions-under-test.ts';
import type { History } from './history.ts';

/** Steps of the loop after the deadline: the runner's grace, the last look, and the retries of what crashed. */
const LATEST_ANSWER_MS = (DEPLOY_SECONDS + 120) * 1000;

/** What must hold once nothing happens any more. */
export function judgeEnd(history: History): void {
  const { oracle, stepFunctions, cloudFormation, scenario } = history;
  oracle.forbid(stepFunctions.running.length > 0, `workflows go on: ${stepFunctions.histories.at(-1)}`);
  for (const run of oracle.runs.values()) {
    oracle.forbid(!isSettled(run) && !history.outside.lost.has(run.runId), `run ${run.runId} never ended`);
    const { succeeded = 0, failed = 0, notStarted = 0 } = run.counts ?? {};
    const counted = succeeded + failed + notStarted;
    oracle.forbid(
      counted > (run.selection?.length ?? 0),
      `invariant 9: run ${run.runId} counts ${counted} tasks`,
    );
  }
  for (const { type, url, runId, responses, sentAt, answeredAt, isUndoing } of cloudFormation.requests) {
    const name = `${type} of run ${runId.slice(0, 6)}`;
    oracle.forbid(responses.length === 0, `invariant 6: the ${name} was never answered`);
    oracle.forbid(new Set(responses).size > 1, `the ${name} was answered in two ways`);
    oracle.forbid(
      (answeredAt ?? 0) - sentAt > LATEST_ANSWER_MS,
      `invariant 6: the ${name} was answered after ${(answeredAt ?? 0) - sentAt} ms`,
    );
    const response = JSON.parse(responses[0] ?? '{}');
    oracle.forbid(
      response.PhysicalResourceId !== 'Shop-TasksController',
      `the ${name} has another physical id`,
    );
    const mustSucceed = isUndoing || (type === 'Create' && scenario.isAdded && scenario.ownsLedger);
    oracle.forbid(
      mustSucceed &&
        response.Status !== 'SUCCESS' &&
        !/could not be recorded|did not say/.test(String(response.Reason)),
      `invariants 7 and 10: the ${name} was answered ${responses[0]}`,
    );
    oracle.forbid(url === '', 'a request without a URL');
  }
  const shown = [
    ...history.said,
    ...stepFunctions.histories,
    JSON.stringify([...oracle.runs.values(), ...oracle.tasks.values()]),
  ];
  oracle.forbid(
    shown.some((text) => text.includes(MARKER)),
    `invariant 8: a response URL is in ${shown.find((text) => text.includes(MARKER))}`,
  );
}
