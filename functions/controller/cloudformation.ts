import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { PendingAnswer, RunRecord } from '../ledger/records.ts';
import type { RunOutcome } from '../ledger/run-records.ts';
import { putResponse, responseBody } from './answer.ts';
import { answerRun } from './answer-run.ts';
import { describe, undoing } from './begin-deploy.ts';
import type { CloudFormationEvent } from './cloudformation-event.ts';
import { outcomeOf } from './outcome.ts';
import type { ControllerPorts } from './ports.ts';

/** How long an answer waits for what should come before it: it is given all the same. */
const BEFORE_ANSWER_MS = 5_000;

/** Records and starts; the workflow does the rest. Every delivery of one request comes to one run. */
export async function handleCloudFormation(
  ports: ControllerPorts,
  event: CloudFormationEvent,
  functionName: string,
): Promise<void> {
  const request: PendingAnswer = {
    schema: 1,
    responseUrl: event.ResponseURL,
    requestId: event.RequestId,
    stackId: event.StackId,
    logicalResourceId: event.LogicalResourceId,
    // Always the same: were it another one, CloudFormation would delete "the old resource".
    physicalResourceId: functionName,
  };
  if (event.RequestType === 'Delete') return answerDelete(ports, request);
  const run = acceptedRun(ports, event, event.RequestType);
  const { runId } = run;
  ports.log.info('deploy received', { run: runId, requestType: event.RequestType });
  try {
    // The URL of a run that is there was kept before it, and may have been used and deleted since.
    const known = await ports.ledger.runs.get(runId);
    if (known === undefined) {
      await ports.ledger.answers.keep(runId, request);
      await ports.ledger.runs.accept(run);
    }
    if ((await ports.workflow.start(runId, known?.generation)) === 'started') return;
  } catch (error) {
    return answerUnstarted(ports, request, run, error);
  }
  await answerEnded(ports, runId);
}

/** A retried deploy reuses the RequestId, but never the response URL. */
export function runIdOf(responseUrl: string): string {
  return createHash('sha256').update(responseUrl).digest('hex').slice(0, 32);
}

function acceptedRun(
  ports: ControllerPorts,
  event: CloudFormationEvent,
  requestType: 'Create' | 'Update',
): RunRecord {
  const { config } = ports;
  const now = ports.now();
  const { DeployId } = event.ResourceProperties;
  return {
    schema: 1,
    runId: runIdOf(event.ResponseURL),
    trigger: 'deploy',
    by: config.stackId,
    state: 'accepted',
    summary: 'accepted: CloudFormation waits for it',
    startedAt: new Date(now).toISOString(),
    requestType,
    ...(DeployId === undefined ? {} : { deployId: DeployId }),
    deadline: new Date(now + config.deployTimeoutSeconds * 1000).toISOString(),
  };
}

/** The workflow of this request is over: a delivery that came late, or a workflow that broke off. */
async function answerEnded(ports: ControllerPorts, runId: string): Promise<void> {
  const run = await ports.ledger.runs.require(runId);
  const reason = 'the workflow ended before the run did; see its executions in Step Functions';
  const settled = await ports.ledger.runs.settle(
    run,
    outcomeOf(run, new Map(), { because: 'unstartable', reason }, ports.config),
    new Date(ports.now()).toISOString(),
  );
  await answerRun(ports, settled);
}

/** Without a ledger or a workflow nothing can run: a deploy fails at once, a rollback must go on. */
async function answerUnstarted(
  ports: ControllerPorts,
  request: PendingAnswer,
  run: RunRecord,
  error: unknown,
): Promise<void> {
  const cause = messageOf(error).replaceAll(request.responseUrl, '(response URL)');
  ports.log.error('the deploy could not be recorded and started', { run: run.runId, reason: cause });
  const stack = await beforeAnswer(describe(ports));
  const stackStatus = stack && undoing(stack);
  const reason = `no task was started: the deploy could not be recorded and started: ${cause}`;
  const outcome = outcomeOf(
    run,
    new Map(),
    stackStatus === undefined ? { because: 'unstartable', reason } : { because: 'rollback', stackStatus },
    ports.config,
  );
  const settled = await beforeAnswer(settleIfRecorded(ports, run, outcome));
  if (settled !== undefined) return answerRun(ports, settled);
  await putResponse(request.responseUrl, responseBody(request, outcome));
}

/** So that no workflow that began all the same runs anything. */
async function settleIfRecorded(
  ports: ControllerPorts,
  run: RunRecord,
  outcome: RunOutcome,
): Promise<RunRecord | undefined> {
  try {
    return await ports.ledger.runs.settle(run, outcome, new Date(ports.now()).toISOString());
  } catch (error) {
    ports.log.error('that the deploy was not started could not be recorded', {
      run: run.runId,
      reason: messageOf(error),
    });
    return undefined;
  }
}

/** Always succeeds, at once, even without a ledger: else the stack could not be deleted. */
async function answerDelete(ports: ControllerPorts, request: PendingAnswer): Promise<void> {
  await beforeAnswer(cancelAll(ports));
  await putResponse(
    request.responseUrl,
    responseBody(request, { status: 'SUCCESS', text: 'deleted; no task was started' }),
  );
  ports.log.info('CloudFormation answered', { requestType: 'Delete', status: 'SUCCESS' });
}

function beforeAnswer<T>(work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, sleep(BEFORE_ANSWER_MS, undefined, { ref: false })]);
}

async function cancelAll(ports: ControllerPorts): Promise<void> {
  try {
    const request = {
      cause: 'delete',
      by: ports.config.stackId,
      at: new Date(ports.now()).toISOString(),
    } as const;
    const cancelled = new Set<string>();
    // A deploy that starts its background tasks just now has recorded their runs by the second look.
    for (let before = -1; before < cancelled.size; ) {
      before = cancelled.size;
      for (const { runId } of await ports.ledger.runs.open()) {
        if (cancelled.has(runId)) continue;
        await ports.ledger.runs.requestCancel(runId, request);
        cancelled.add(runId);
        ports.log.info('run cancelled: the party is being deleted', { run: runId });
      }
    }
  } catch (error) {
    ports.log.error('runs could not be cancelled on Delete', { reason: messageOf(error) });
  }
}
