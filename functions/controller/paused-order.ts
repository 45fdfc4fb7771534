import { PartyError } from '../errors.ts';
import type { Child } from '../ledger/child-records.ts';
import { isSplit } from '../ledger/fan-out.ts';
import type { Progress, RunRecord, TaskRecord } from '../ledger/records.ts';
import { idOf } from '../task/task-id.ts';
import type { ControllerPorts } from './ports.ts';

/** What a paused task was asked for, as far as it is left. */
export interface PausedOrder {
  readonly params?: Readonly<Record<string, unknown>>;
  /** The only children that are meant, by their numbers. */
  readonly children?: readonly number[];
  /** How many items of it. */
  readonly limit?: number;
}

/**
 * What is left of the order that was under way when a task was paused. Where it was paused while it waited, nothing
 * was under way: then it is all of the task, with the params of its last attempt.
 * @throws PartyError `wrong-state` where that is not kept any more, `bad-params` where a part of it never is
 */
export async function pausedOrder(ports: ControllerPorts, record: TaskRecord): Promise<PausedOrder> {
  const paused = record.history.findLast(({ state }) => state === 'paused');
  const attempt = record.history.findLast(({ run, state }) => run !== undefined && !/^dry run/.test(state));
  const runId = paused?.run ?? attempt?.run ?? record.lastRun;
  if (runId === undefined) return {};
  const run = await ports.ledger.runs.get(runId);
  if (run === undefined)
    throw new PartyError(
      'wrong-state',
      `what task ${idOf(record)} was asked for is not kept any more: its run ${runId} is gone`,
      `say anew what is to be run, which goes on where it stopped: npx after-party invoke ${record.version}`,
    );
  if ((run.secretParams ?? []).length > 0 && run.params !== undefined)
    throw new PartyError(
      'bad-params',
      `task ${idOf(record)} had params that are not kept: ${run.secretParams?.join(', ')}`,
      `give them anew, which resumes the task: npx after-party invoke ${record.version} --params '{…}'`,
    );
  const params = run.params === undefined ? {} : { params: run.params };
  return paused?.run === undefined ? params : { ...params, ...(await partLeft(ports, run, record)) };
}

/** Of a run that was not about all of the task: which part of that is left. */
async function partLeft(
  ports: ControllerPorts,
  { runId, children: chosen, limit }: RunRecord,
  record: TaskRecord,
): Promise<Pick<PausedOrder, 'children' | 'limit'>> {
  if (chosen === undefined || !isSplit(record))
    return limit === undefined ? {} : { limit: itemsLeft(limit, record.progress) };
  const all = await ports.ledger.children(record.version).standings(record.children);
  const left = all.filter((child) => chosen.includes(child.number) && !isDone(child, runId));
  const children = left.map(({ number }) => number);
  if (limit === undefined) return { children };
  // Only one child can be limited.
  const [only] = left;
  const wasBegun = only !== undefined && only.damaged === undefined && only.lastRun === runId;
  return { children, limit: wasBegun ? itemsLeft(limit, only.progress) : limit };
}

function isDone(child: Child, runId: string): boolean {
  return child.damaged === undefined && child.state === 'succeeded' && child.lastRun === runId;
}

function itemsLeft(limit: number, { done, before = 0 }: Progress = { done: 0 }): number {
  return Math.max(0, limit - (done - before));
}

/** Whether all that was asked for has been done. */
export function isDoneWith({ children, limit }: PausedOrder): boolean {
  return children?.length === 0 || limit === 0;
}
