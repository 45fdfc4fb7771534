import * as v from 'valibot';
import { isPartyError, PartyError } from '../errors.ts';
import { compareVersions, versionKey } from '../task/version.ts';
import { fitting } from './answer-size.ts';
import { baseline } from './baseline.ts';
import { withChildren } from './children-status.ts';
import { cancelTask, pause, setRate } from './control.ts';
import { correct } from './correct.ts';
import { correctChildren } from './correct-children.ts';
import { history } from './history.ts';
import { readLedger } from './ledger-view.ts';
import { partyOf } from './party-of.ts';
import { plan } from './plan.ts';
import type { ControllerPorts } from './ports.ts';
import { READ_REQUESTS } from './read-requests.ts';
import { requestSchema } from './request-schema.ts';
import type {
  Answers,
  ControllerAnswer,
  ControllerRequest,
  PartyStatus,
  RefusalCode,
  RequestOf,
  TaskDetails,
} from './requests.ts';
import { resume } from './resume.ts';
import { runStatus, showRun } from './run-status.ts';
import { checkRunner } from './runner-check.ts';
import { listChildren, showChildren } from './show-children.ts';
import { invoke, run } from './start-run.ts';
import { findTasks, knownTasks } from './task-names.ts';
import { statusOf, taskDetails } from './task-status.ts';
import { watch } from './watch.ts';

/** Answers one request of the CLI; what it refuses is an answer too, only a fault of ours is thrown. */
export async function answerRequest(
  ports: ControllerPorts,
  event: unknown,
  readOnly: boolean,
): Promise<ControllerAnswer<unknown>> {
  try {
    const request = parseRequest(event);
    if (readOnly && !READ_REQUESTS.has(request.request)) {
      throw new PartyError(
        'read-only',
        `${request.request} is refused on the alias for status`,
        'ask for party.grantOperate(role)',
      );
    }
    return { v: 1, ok: await answer(ports, request) };
  } catch (error) {
    if (!isPartyError(error)) throw error;
    const { code, message, resolution } = error;
    return {
      v: 1,
      error: { code: code as RefusalCode, message, ...(resolution === undefined ? {} : { resolution }) },
    };
  }
}

function parseRequest(event: unknown): ControllerRequest {
  const parsed = v.safeParse(requestSchema, event);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new PartyError(
    'bad-request',
    `the request was not understood: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`,
    'the CLI and the deployed construct may be of different versions: use one version of after-party for both',
  );
}

async function answer(
  ports: ControllerPorts,
  request: ControllerRequest,
): Promise<Answers[ControllerRequest['request']]> {
  switch (request.request) {
    case 'status':
      return status(ports, request.after);
    case 'show': {
      const { keys } = request;
      return { tasks: await (keys ? showChildren(ports, request, keys) : show(ports, request)) };
    }
    case 'plan':
      return plan(ports, request);
    case 'children':
      return listChildren(ports, request);
    case 'history':
      return history(ports, request);
    case 'show-run':
      return showRun(ports, request.runId);
    case 'watch':
      return watch(ports, request.runId);
    case 'logs':
      return logs(ports, request);
    case 'invoke':
      return invoke(ports, request);
    case 'run':
      return run(ports, request);
    case 'cancel':
      return cancel(ports, request);
    case 'cancel-task':
      return cancelTask(ports, request);
    case 'pause':
      return pause(ports, request);
    case 'resume':
      return resume(ports, request);
    case 'rate':
      return setRate(ports, request);
    case 'check-runner':
      return checkRunner(ports, request.runId);
    case 'skip':
      return correct(ports, request);
    case 'baseline':
      return baseline(ports, request);
    case 'mark-done':
    case 'reset': {
      const { keys } = request;
      return keys ? correctChildren(ports, request, keys) : correct(ports, request);
    }
  }
}

async function status(ports: ControllerPorts, after: string | undefined): Promise<PartyStatus> {
  const view = await withChildren(ports, await readLedger(ports));
  const all = statusOf(ports, view);
  const from =
    after === undefined ? 0 : all.filter((task) => compareVersions(task.version, after) <= 0).length;
  const tasks = fitting(all.slice(from));
  const last = from + tasks.length < all.length ? tasks.at(-1) : undefined;
  return {
    ...partyOf(ports, view),
    tasks,
    ...(last === undefined ? {} : { next: last.version }),
  };
}

async function show(ports: ControllerPorts, request: RequestOf<'show'>): Promise<TaskDetails[]> {
  const ledger = await readLedger(ports);
  const tasks = findTasks(knownTasks(ports.manifest, ledger.records, request.local), request.names);
  const view = await withChildren(ports, ledger, tasks);
  return Promise.all(
    tasks.map(async (task) => {
      const record = view.records.get(versionKey(task.version));
      const runId = record instanceof Error ? undefined : (record?.run ?? record?.lastRun);
      const lastRun = runId === undefined ? undefined : await ports.ledger.runs.get(runId);
      return taskDetails(ports, view, task, lastRun);
    }),
  );
}

async function logs(ports: ControllerPorts, request: RequestOf<'logs'>): Promise<Answers['logs']> {
  const records = await ports.ledger.tasks.all();
  const [task, ...more] = findTasks(knownTasks(ports.manifest, records, []), request.names);
  if (task === undefined || more.length > 0) throw new PartyError('bad-request', 'logs takes one task');
  const { since, token } = request;
  return ports.runnerLogs.read({
    version: task.version,
    ...(since === undefined ? {} : { since }),
    ...(token === undefined ? {} : { token }),
  });
}

async function cancel(ports: ControllerPorts, request: RequestOf<'cancel'>): Promise<Answers['cancel']> {
  const { runId, by, reason } = request;
  await ports.ledger.runs.require(runId);
  const at = new Date(ports.now()).toISOString();
  const open = await ports.ledger.runs.requestCancel(runId, {
    cause: 'person',
    by,
    at,
    ...(reason === undefined ? {} : { reason }),
  });
  const record = await ports.ledger.runs.require(runId);
  if (!open)
    throw new PartyError(
      'failed',
      `run ${runId} has ended: ${record.summary}`,
      `see what it did: npx after-party watch ${runId}`,
    );
  ports.log.info('run cancelled', { run: runId, by });
  return runStatus(ports, record);
}
